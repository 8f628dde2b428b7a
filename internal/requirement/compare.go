package requirement

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/discreet"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// compare sends the step's request and returns what differs from what is wanted.
func (w *World) compare(s Step) []string {
	w.network.clear()
	w.verifier.clear()
	w.handler.clear()
	w.logger.clear()
	w.events.clear()
	r, err := w.request(s.Request)
	if err != nil {
		return []string{"making the request: " + err.Error()}
	}
	// What is sent is told before a handler can alter it.
	told, credentials := w.describe(r, s.Request.Direct), slices.Clone(r.Header["Authorization"])
	got, err := w.send(r.Request, s.Request.Direct)
	if err != nil {
		return []string{told + ": " + err.Error()}
	}
	w.keep(got, s.Want)
	d := &checks{}
	d.answer(w, got, &s.Want)
	if !w.bench.BlackBox {
		d.inside(w, &s.Want, r.body, credentials)
		d.told(w, &s.Want)
		d.leaks(w, got, credentials)
	}
	for i := range d.list {
		d.list[i] = "sent " + told + ": " + d.list[i]
	}
	return d.list
}

// outgoing is a request that is ready to be sent.
type outgoing struct {
	*http.Request
	body string
}

// request makes the HTTP request.
func (w *World) request(q Request) (outgoing, error) {
	method := cmp.Or(q.Method, http.MethodPost)
	body := q.Body
	if body == "" && method == http.MethodPost {
		body = message
	}
	var token string
	switch {
	case q.Mint != nil:
		token = q.Mint(w)
	case q.Token != nil:
		token = w.mint(*q.Token)
	}
	fill := strings.NewReplacer("{issuer}", w.Server.Issuer(), "{token}", token)
	body = fill.Replace(body)
	url := w.site.URL + fill.Replace(cmp.Or(q.Path, endpointPath))
	r, err := http.NewRequestWithContext(w.ctx, method, url, strings.NewReader(body))
	if err != nil {
		return outgoing{}, err
	}
	r.Host = q.Host
	r.Header = q.Header.Clone()
	if r.Header == nil {
		r.Header = transportHeader(method)
	}
	for name, values := range r.Header {
		for i, value := range values {
			r.Header[name][i] = fill.Replace(value)
		}
	}
	for _, value := range q.Authorization {
		r.Header["Authorization"] = append(r.Header["Authorization"], fill.Replace(value))
	}
	if q.Authorization == nil && token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return outgoing{r, body}, nil
}

// transportHeader is what a client of the MCP transport sends.
func transportHeader(method string) http.Header {
	switch method {
	case http.MethodPost:
		return http.Header{
			"Accept": {"application/json, text/event-stream"}, "Content-Type": {"application/json"},
			"Mcp-Protocol-Version": {"2025-06-18"},
		}
	case http.MethodGet:
		return http.Header{"Accept": {"text/event-stream"}, "Mcp-Protocol-Version": {"2025-06-18"}}
	}
	return make(http.Header)
}

func (w *World) send(r *http.Request, direct bool) (answer, error) {
	if direct {
		recorder := httptest.NewRecorder()
		r.RequestURI = r.URL.RequestURI()
		w.local.ServeHTTP(recorder, r)
		return answer{recorder.Code, recorder.Header(), recorder.Body.String()}, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	response, err := w.bench.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

// describe tells what is sent, in a form that may stand in a log.
func (w *World) describe(r outgoing, direct bool) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s", r.Method, discreet.Shorten(w.redact(r.URL.RequestURI())))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			fmt.Fprintf(&b, ", %s: %q", name, discreet.Shorten(w.redact(value)))
		}
	}
	if direct {
		b.WriteString(", without a connection")
	}
	return b.String()
}

// redact removes every token from a text.
func (w *World) redact(text string) string { return discreet.Redact(text, w.minted) }

// keep adds the answer to the transcript.
func (w *World) keep(got answer, want Want) {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", got.status)
	if want.Body != AnyBody {
		for _, name := range slices.Sorted(maps.Keys(got.header)) {
			if name != "Date" {
				fmt.Fprintf(&b, "%s: %q\n", name, got.header[name])
			}
		}
		b.WriteString("\n" + got.body)
	}
	text := strings.ReplaceAll(b.String(), w.Server.Issuer(), "{issuer}")
	w.transcript = append(w.transcript, w.redact(text))
}

// checks collects what isn't as it should be.
type checks struct{ list []string }

func (d *checks) check(what string, want, got any) {
	if want != got {
		d.list = append(d.list, fmt.Sprintf("%s: expected %q, came %q", what, fmt.Sprint(want), fmt.Sprint(got)))
	}
}

// answer compares what any client can see.
func (d *checks) answer(w *World, got answer, want *Want) {
	issuer := w.Server.Issuer()
	d.check("status", want.Status, got.status)
	if want.Body == AnyBody {
		return
	}
	d.check("WWW-Authenticate", strings.ReplaceAll(want.Challenge, "{issuer}", issuer), strings.Join(got.header["Www-Authenticate"], " ‖ "))
	for _, name := range slices.Sorted(maps.Keys(want.Header)) {
		value := strings.ReplaceAll(want.Header[name], "{issuer}", issuer)
		d.check(name, value, strings.Join(got.header[http.CanonicalHeaderKey(name)], " ‖ "))
	}
	d.check("body", strings.ReplaceAll(want.Body, "{issuer}", issuer), got.body)
	if want.Reason != "" {
		// Every denial, whatever it is about.
		d.check("Cache-Control", "no-store", got.header.Get("Cache-Control"))
		d.check("Content-Type", "application/json", got.header.Get("Content-Type"))
		d.check("X-Content-Type-Options", "nosniff", got.header.Get("X-Content-Type-Options"))
	}
}

// inside compares what only the app itself can see.
func (d *checks) inside(w *World, want *Want, body string, credentials []string) {
	if w.row.MCP == nil && w.row.SDK == "" {
		d.check("the handler ran", want.Handler, len(w.handler.all()) > 0)
	}
	for _, h := range w.handler.all() {
		d.check("the body that the handler got", body, h.body)
	}
	if w.asked {
		var asked []string
		if want.Verifier {
			_, token, _ := strings.Cut(credentials[0], " ")
			asked = []string{strings.TrimLeft(token, " ")}
		}
		d.check("what the verifier was asked about", strings.Join(asked, " ‖ "), strings.Join(w.verifier.all(), " ‖ "))
	}
	if want.Fetches >= 0 {
		d.check("requests to the authorization server", want.Fetches, len(w.network.all()))
	}
	d.check("requests for keys that a token or a key points to", 0, w.Server.Requests(authtest.StrangerKeysPath))
}

// told compares the event and the log line of the decision.
func (d *checks) told(w *World, want *Want) {
	events, lines := w.events.all(), w.logger.decisions()
	if want.Silent {
		d.check("events", 0, len(events))
		d.check("log lines", 0, len(lines))
		return
	}
	d.check("events", 1+want.Outer, len(events))
	d.check("log lines", 1+want.Outer, len(lines))
	if len(events) > 0 {
		last := events[len(events)-1]
		d.check("the event's reason", want.Reason, last.Reason)
		d.check("what the event says was observed", want.Observed, last.Observed)
		if want.Reason == "" {
			d.check("the event's status", 0, last.Status)
		} else {
			d.check("the event's status", want.Status, last.Status)
		}
	}
	if len(lines) > 0 {
		last := lines[len(lines)-1]
		d.check("the log's reason", want.Reason, last.attrs["reason"])
		d.check("what the log says was observed", want.Observed, last.attrs["observed"])
		d.check("the log's level", level(want), last.level)
	}
}

// level is the level at which a decision is logged.
func level(want *Want) slog.Level {
	switch {
	case want.Observed != "":
		return slog.LevelWarn
	case want.Reason == "", want.Reason == "missing_credentials":
		return slog.LevelDebug
	case want.Status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case want.Status == http.StatusInternalServerError:
		return slog.LevelError
	}
	return slog.LevelInfo
}

// leaks looks for the credentials in everything that came of them.
func (d *checks) leaks(w *World, got answer, credentials []string) {
	var secrets []string
	for _, value := range credentials {
		_, token, _ := strings.Cut(value, " ")
		secrets = append(secrets, discreet.Telling(token)...)
	}
	for where, text := range map[string]string{
		"the answer": fmt.Sprint(got), "an event": fmt.Sprintf("%+v", w.events.all()), "the log": fmt.Sprint(w.logger.all()),
	} {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				d.list = append(d.list, "a part of the token is in "+where)
			}
		}
	}
}
