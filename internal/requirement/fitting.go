package requirement

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// fittingRows are the part of S52 that every app needs: events come one by one,
// and a client that hangs up ends the handler. What routers and their
// middleware do besides is for the adapters' own tests.
func fittingRows() []Row {
	const clause = "MCP 2026-07-28 transports, streamable HTTP"
	return []Row{
		{
			ID: "S52/event-by-event", Clause: clause, About: "Each event of a stream can be read before the next is written.",
			MCP: streaming, Run: func(w *World) []string { return w.stream(false) },
		},
		{
			ID: "S52/hang-up", Clause: clause, About: "A client that hangs up ends the handler's context.",
			MCP: streaming, Run: func(w *World) []string { return w.stream(true) },
		},
	}
}

// stream is what a streaming handler and its client tell one another.
type stream struct {
	next  chan struct{} // the client has read an event
	ended chan error    // why the handler ended
}

const events = 3

// streaming writes an event whenever the client has read the one before.
func streaming(w *World) http.Handler {
	s := &stream{next: make(chan struct{}), ended: make(chan error, 1)}
	w.flow = s
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		// net/http watches the connection once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		rw.Header().Set("Content-Type", "text/event-stream")
		for i := range events {
			fmt.Fprintf(rw, "data: %d\n\n", i)
			if err := http.NewResponseController(rw).Flush(); err != nil {
				s.ended <- err
				return
			}
			select {
			case <-s.next:
			case <-r.Context().Done():
				s.ended <- r.Context().Err()
				return
			}
		}
		s.ended <- nil
	})
}

// stream reads events one by one, and may hang up after the first.
func (w *World) stream(hangUp bool) []string {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	r, err := w.request(Request{Token: good("a", "b")})
	if err != nil {
		return []string{err.Error()}
	}
	response, err := w.bench.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return []string{err.Error()}
	}
	defer response.Body.Close()
	d := &checks{}
	d.check("status", http.StatusOK, response.StatusCode)
	d.check("Content-Type", "text/event-stream", response.Header.Get("Content-Type"))
	if len(d.list) > 0 {
		return d.list
	}
	lines := bufio.NewReader(response.Body)
	for i := range events {
		event, err := lines.ReadString('\n')
		if err != nil {
			return append(d.list, fmt.Sprintf("event %d: %v", i, err))
		}
		d.check("event", fmt.Sprintf("data: %d", i), strings.TrimSpace(event))
		if _, err = lines.ReadString('\n'); err != nil {
			return append(d.list, fmt.Sprintf("event %d: %v", i, err))
		}
		if hangUp {
			cancel()
			break
		}
		w.flow.next <- struct{}{}
	}
	select {
	case err = <-w.flow.ended:
	case <-w.ctx.Done():
		return append(d.list, "the handler doesn't end")
	}
	if hangUp {
		d.check("the handler ended because", context.Canceled, err)
	} else {
		d.check("the handler ended because", "<nil>", fmt.Sprint(err))
	}
	return d.list
}

// pathRows are S53: paths that a router would take for a pattern.
func pathRows() []Row {
	var rows []Row
	refused := func(id string, change func(*core.Config), fields ...string) {
		rows = append(rows, Row{
			ID: "S53/" + id, Clause: "RFC 3986 §3.3", About: "A path that a router reads as a pattern, or cleans, is refused at construction.",
			Config: func(_ *World, c *core.Config) { change(c) }, Refused: fields,
		})
	}
	for name, path := range map[string]string{
		"braces": "/{x}", "braces-within": "/a{x}/mcp", "dollar": "/mcp/{$}", "rest": "/{x...}", "colon": "/:x", "colon-within": "/mcp:x", "star": "/*", "star-name": "/*any",
		"star-within": "/a/*/mcp", "question-mark": "/a%3Fb", "encoded-slash": "/a%2Fb", "encoded-letter": "/%6dcp", "dot-segment": "/a/./mcp", "dot-dot": "/a/../mcp",
		"two-slashes": "/a//mcp", "non-ascii": "/ü", "regexp": "/{x:[a-z]+}",
	} {
		refused("resource-"+name, func(c *core.Config) { c.Resource = "https://mcp.example" + path }, "Resource")
		refused("path-"+name, func(c *core.Config) { c.Path = path }, "Path")
		refused("metadata-url-"+name, func(c *core.Config) { c.MetadataURL = "https://mcp.example" + path }, "MetadataURL")
	}
	refused("path-relative", func(c *core.Config) { c.Path = "mcp" }, "Path")
	refused("path-with-query", func(c *core.Config) { c.Path = "/mcp?x=1" }, "Path")
	return rows
}
