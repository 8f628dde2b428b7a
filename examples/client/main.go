// Command client talks to a protected MCP server. It is told the server's URL,
// and gets its access token by itself:
//
//	client [-store FILE] [-browser=false] [-timeout D] [-client-id ID [-client-secret S]]
//	       [-client-metadata-url URL] URL [list | call TOOL [JSON]]
//
// Results go to stdout, everything else to stderr. The exit status is 0 when it
// is done, 3 when authorization was refused, and 1 for anything else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpbearer/mcpbearer/core/client"
	"github.com/mcpbearer/mcpbearer/examples/internal/keyring"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// settings are the command line.
type settings struct {
	store, clientID, clientSecret, metadataURL string
	browser                                    bool
	timeout                                    time.Duration
	endpoint                                   string
	command                                    []string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	seen := &witness{}
	err = s.talk(ctx, seen, stdout, stderr)
	if ctx.Err() != nil {
		err = fmt.Errorf("gave up after %v: %w", s.timeout, err)
	}
	return report(err, seen, stderr)
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("client", flag.ContinueOnError)
	flags.StringVar(&s.store, "store", "", "keep tokens and registrations in this `FILE`, or in the system's keyring under keyring:NAME (default in memory)")
	flags.BoolVar(&s.browser, "browser", true, "open the browser; if false, print the authorization URL")
	flags.DurationVar(&s.timeout, "timeout", 5*time.Minute, "give up after this time")
	flags.StringVar(&s.clientID, "client-id", "", "the `ID` of a client that the authorization server knows")
	flags.StringVar(&s.clientSecret, "client-secret", "", "its `SECRET`")
	flags.StringVar(&s.metadataURL, "client-metadata-url", "", "the `URL` of a Client ID Metadata Document")
	flags.Usage = func() {}
	flags.SetOutput(io.Discard) // the caller tells what is wrong
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stderr, "usage: client [flags] URL [list | call TOOL [JSON]]")
			flags.SetOutput(stderr)
			flags.PrintDefaults()
		}
		return nil, err
	}
	if flags.NArg() == 0 {
		return nil, errors.New("the URL of the MCP server is missing: see -help")
	}
	s.endpoint, s.command = flags.Arg(0), flags.Args()[1:]
	if len(s.command) == 0 {
		s.command = []string{"list"}
	}
	switch n := len(s.command); {
	case s.command[0] == "list" && n == 1, s.command[0] == "call" && (n == 2 || n == 3):
		return s, nil
	}
	return nil, fmt.Errorf("there is no command %q: see -help", strings.Join(s.command, " "))
}

// talk connects and runs the command.
func (s *settings) talk(ctx context.Context, seen *witness, stdout, stderr io.Writer) error {
	transport, err := s.transport(stderr)
	if err != nil {
		return err
	}
	seen.next = transport
	sdk := mcp.NewClient(&mcp.Implementation{Name: "mcpbearer client", Version: "1.0.0"}, nil)
	session, err := sdk.Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: s.endpoint, HTTPClient: &http.Client{Transport: seen},
	}, nil)
	if err != nil {
		return err
	}
	defer session.Close()
	if s.command[0] == "list" {
		return list(ctx, session, stdout)
	}
	return call(ctx, session, s.command[1:], stdout)
}

// transport is all that the kit is used for.
func (s *settings) transport(stderr io.Writer) (*client.Transport, error) {
	config := client.Config{
		Resource:    s.endpoint,
		MetadataURL: s.metadataURL,
		Credentials: client.Credentials{ID: s.clientID, Secret: s.clientSecret},
		Metadata:    client.Metadata{Name: "mcpbearer client"},
		Receive:     client.Loopback{Timeout: 2 * s.timeout}.Receive, // the command ends before
		Redirect: func(ctx context.Context, page string) error {
			if s.browser {
				fmt.Fprintln(stderr, "opening the browser to ask for authorization")
				err := client.OpenBrowser(ctx, page)
				if err == nil {
					return nil
				}
				fmt.Fprintln(stderr, err)
			}
			_, err := fmt.Fprintln(stderr, "authorize:", page)
			return err
		},
	}
	if name, ok := strings.CutPrefix(s.store, "keyring:"); ok {
		storage, err := keyring.Open(name)
		if err != nil {
			return nil, err
		}
		config.Storage = storage
	} else if s.store != "" {
		config.Storage = client.FileStorage(s.store)
	}
	return client.New(config)
}
