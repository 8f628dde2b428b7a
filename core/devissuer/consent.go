package devissuer

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed consent.html
var consentHTML string

//go:embed fail.html
var failHTML string

//go:embed style.css
var styleCSS string

// pages are the pages that users see.
type pages struct {
	consent, failure *template.Template
	policy           string
}

func newPages() (*pages, error) {
	style := template.CSS(styleCSS) //nolint:gosec // it is part of this package: there is nothing to escape
	funcs := template.FuncMap{"style": func() template.CSS { return style }}
	consent, err := template.New("consent").Funcs(funcs).Parse(consentHTML)
	if err != nil {
		return nil, fmt.Errorf("devissuer: the consent page: %w", err)
	}
	failure, err := template.New("failure").Funcs(funcs).Parse(failHTML)
	if err != nil {
		return nil, fmt.Errorf("devissuer: the error page: %w", err)
	}
	hash := sha256.Sum256([]byte(styleCSS))
	return &pages{
		consent: consent,
		failure: failure,
		// There is no form-action: Chromium applies it to the redirect that
		// answers the form too, and that one goes to the client.
		policy: "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(hash[:]) + "'",
	}, nil
}

// consentView is what the consent page shows.
type consentView struct {
	Issuer, Action, Ticket string
	ClientID, ClientName   string
	RedirectHost           string
	RedirectURI            string
	Users                  []string
	Scopes                 []string
	Resources              []string
}

func (s *Server) showConsent(w http.ResponseWriter, a authorization) {
	id := newSecret()
	s.mu.Lock()
	s.store.tickets.put(digestOf(id), &ticket{authorization: a, expires: s.config.Now().Add(ticketTTL)})
	s.mu.Unlock()
	// Not no-referrer: browsers would then send "Origin: null" with the form,
	// and serveConsent could not tell our page from a foreign one (Fetch
	// standard, "append a request Origin header"). To others same-origin sends
	// no referrer either.
	w.Header().Set("Referrer-Policy", "same-origin")
	s.pages.show(w, http.StatusOK, s.pages.consent, consentView{
		Issuer:       s.config.Issuer,
		Action:       pathOf(s.endpoints.Authorization),
		Ticket:       id,
		ClientID:     a.client.id,
		ClientName:   a.client.name,
		RedirectHost: redirectHost(a.redirectURI),
		RedirectURI:  a.redirectURI,
		Users:        s.config.Users,
		Scopes:       a.scopes,
		Resources:    a.resources,
	})
}

// redirectHost says in a word where the answer goes: a host, or the scheme of a
// native app.
func redirectHost(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	if u.Scheme == "https" || u.Scheme == "http" {
		return u.Host
	}
	return "the app that opens " + u.Scheme + ": links"
}

// serveConsent takes the decision that the user made on the consent page.
func (s *Server) serveConsent(w http.ResponseWriter, r *http.Request) {
	if origins := r.Header.Values("Origin"); len(origins) > 1 || (len(origins) == 1 && origins[0] != s.origin) {
		s.pages.fail(w, http.StatusForbidden, "This decision was sent from another site than "+s.config.Issuer+".")
		return
	}
	form, err := parseForm(w, r)
	if err == nil {
		err = checkSingle(form, "scope")
	}
	if err != nil {
		s.pages.fail(w, asRefusal(err).status, "The decision can't be read.")
		return
	}
	s.mu.Lock()
	t, ok := s.store.tickets.take(digestOf(form.Get("ticket")))
	s.mu.Unlock()
	if !ok || !s.config.Now().Before(t.expires) {
		s.pages.fail(w, http.StatusBadRequest, "This page was used before or is too old. Go back to the app and start again.")
		return
	}
	switch form.Get("decision") {
	case "approve":
		subject := form.Get("subject")
		if !slices.Contains(s.config.Users, subject) || !containsAll(t.authorization.scopes, form["scope"]) {
			s.pages.fail(w, http.StatusBadRequest, "This is not a choice that was offered.")
			return
		}
		// No box ticked must grant nothing, and a nil list would grant all.
		s.decide(w, t.authorization, Decision{Subject: subject, Scopes: append([]string{}, form["scope"]...)})
	case "deny":
		s.decide(w, t.authorization, Decision{})
	default:
		s.pages.fail(w, http.StatusBadRequest, "Choose Approve or Deny.")
	}
}

// originOf returns the ASCII serialization of an URL's origin (RFC 6454 §6.2):
// lower case, without the scheme's default port.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}

func (p *pages) fail(w http.ResponseWriter, status int, what string) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	p.show(w, status, p.failure, what)
}

func (p *pages) show(w http.ResponseWriter, status int, page *template.Template, view any) {
	var body strings.Builder
	if err := page.Execute(&body, view); err != nil {
		http.Error(w, "the page can't be shown", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body.String())) // The client is gone if this fails.
}
