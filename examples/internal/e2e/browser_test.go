package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// browser is a person with a browser: it follows redirects, keeps cookies, and
// fills in the forms that it is shown.
type browser struct {
	client *http.Client
	// user is who the person is, and deny whether they refuse.
	user string
	deny bool
}

func newBrowser(transport http.RoundTripper, user string) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{client: &http.Client{Transport: transport, Jar: jar}, user: user}, nil
}

// visit opens a page and submits what forms come up until it is back at home,
// the client's redirect URI.
func (b *browser) visit(ctx context.Context, page, home string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	// Signing in, consent, and a page in between are the most there can be.
	for range 5 {
		at, document, err := b.open(request)
		if err != nil {
			return err
		}
		if strings.HasPrefix(at.String(), home) {
			return nil
		}
		if request, err = b.fillIn(ctx, at, document); err != nil {
			return fmt.Errorf("the page at %s%s: %w", at.Host, at.Path, err)
		}
	}
	return errors.New("one form after another")
}

// open returns where the request led to, and the page there.
func (b *browser) open(request *http.Request) (*url.URL, *html.Node, error) {
	response, err := b.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, err
	}
	at := response.Request.URL
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s%s: %s: %s", at.Host, at.Path, response.Status, body)
	}
	document, err := html.Parse(strings.NewReader(string(body)))
	return at, document, err
}

// fillIn returns the request that submits the page's form.
func (b *browser) fillIn(ctx context.Context, at *url.URL, document *html.Node) (*http.Request, error) {
	form := find(document, "form")
	if form == nil {
		return nil, errors.New("it has no form")
	}
	values, err := b.answers(form)
	if err != nil {
		return nil, err
	}
	action, err := at.Parse(attribute(form, "action"))
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(attribute(form, "method"), http.MethodPost) {
		return nil, errors.New("its form isn't posted")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", at.Scheme+"://"+at.Host)
	request.Header.Set("Referer", at.String())
	return request, nil
}

// answers fills in the form as the person would: by what its controls are.
func (b *browser) answers(form *html.Node) (url.Values, error) {
	values := url.Values{}
	chosen := false
	var offered []string
	for control := range controls(form) {
		name, value := attribute(control, "name"), attribute(control, "value")
		switch kind(control) {
		case "radio":
			offered = append(offered, value)
			if value == b.user {
				values.Set(name, value)
				chosen = true
			}
		case "checkbox":
			if has(control, "checked") {
				values.Add(name, value)
			}
		case "text":
			values.Set(name, b.user)
			chosen = true
		case "password":
			values.Set(name, "any will do")
		case "hidden":
			values.Add(name, value)
		case "submit":
			if name != "" && (value == "deny") == b.deny {
				values.Set(name, value)
			}
		}
	}
	if len(offered) > 0 && !chosen {
		return nil, fmt.Errorf("it offers %q, not %q", offered, b.user)
	}
	return values, nil
}

// controls yields the inputs and buttons of a form.
func controls(form *html.Node) func(yield func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for node := range form.Descendants() {
			if node.Type == html.ElementNode && slices.Contains([]string{"input", "button"}, node.Data) && !yield(node) {
				return
			}
		}
	}
}

// kind returns the type of a control, with its default (HTML, forms).
func kind(control *html.Node) string {
	switch {
	case has(control, "type"):
		return strings.ToLower(attribute(control, "type"))
	case control.Data == "button":
		return "submit"
	}
	return "text"
}

func find(under *html.Node, element string) *html.Node {
	for node := range under.Descendants() {
		if node.Type == html.ElementNode && node.Data == element {
			return node
		}
	}
	return nil
}

func has(node *html.Node, name string) bool {
	return slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
