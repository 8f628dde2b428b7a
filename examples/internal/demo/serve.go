package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Times of the HTTP server. It has no write timeout, which would cut the event
// streams of MCP.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 5 * time.Second
)

// serve answers requests until ctx ends, and then lets those under way finish.
// It calls ready once the listener accepts.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, ready func()) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	ready()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(patience)
	if errors.Is(err, context.DeadlineExceeded) {
		// Event streams that clients hold open don't end by themselves.
		err = server.Close()
	}
	return err
}

// greet says how to connect.
func (d *Demo) greet(w io.Writer) {
	fmt.Fprintf(w, `A protected MCP server, with an authorization server for development beside it.

  MCP endpoint   %[1]s
  users          %[2]s; choose one on the consent page, there are no passwords

Clients find the rest by themselves. To add it to one, give it the URL, or
  {"mcpServers": {"weather": {"type": "http", "url": "%[1]s"}}}
To try it in a browser, run the MCP Inspector (npx @modelcontextprotocol/inspector),
choose Streamable HTTP and the same URL. To see the challenge that begins it all:
  curl -i -X POST %[1]s

`, d.Resource, strings.Join(users(), ", "))
}
