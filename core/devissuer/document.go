package devissuer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// Bounds of a Client ID Metadata Document: its size in bytes, how long it may
// take to come, and how long it is believed.
const (
	maxDocument     = 5 << 10
	documentTimeout = 5 * time.Second
	documentTTL     = 5 * time.Minute
)

// errNoClient says that nobody has this client_id.
var errNoClient = errors.New("this client_id is not registered here")

// document is a Client ID Metadata Document: client metadata that a client
// publishes under its client_id, which is a URL.
type document struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	registration
}

// published is a client that was made from such a document.
type published struct {
	client  *client
	expires time.Time
}

// newDocumentGetter returns what fetches documents. The URL is a stranger's
// choice, so this machine's network is out of reach, but for the machine itself,
// where a developer's client may be: https to any public address, http to
// loopback alone. No redirect is followed: on a host where one leads to what
// somebody else has put there, that would speak for the client.
func newDocumentGetter() fetch.Getter {
	dialer := &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error { return checkAddress(address) }}
	return fetch.Getter{
		Client:      &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true}},
		Limit:       maxDocument,
		Timeout:     documentTimeout,
		NoRedirects: true,
	}
}

// specialNetworks are those that netip doesn't tell from public ones: of the IANA
// special-purpose registries (RFC 6890), and ways to write an IPv4 address as one
// of IPv6.
func specialNetworks() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("100.64.0.0/10"), // carriers, and metadata services of clouds
		netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("64:ff9b::/96"),   // NAT64
		netip.MustParsePrefix("64:ff9b:1::/48"), // NAT64 within one network
		netip.MustParsePrefix("2002::/16"),      // 6to4
		netip.MustParsePrefix("fec0::/10"),      // site-local, before fc00::/7
	}
}

// checkAddress refuses an address that a name has resolved to, if it is one of
// a network that only this machine can reach.
func checkAddress(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	special := slices.ContainsFunc(specialNetworks(), func(p netip.Prefix) bool { return p.Contains(ip) })
	if ip.IsLoopback() || ip.IsGlobalUnicast() && !ip.IsPrivate() && !special {
		return nil
	}
	return errors.New("the address is in a private network")
}

// checkDocumentURL reports why id can't be the URL of a document. Plain http is
// allowed on loopback hosts.
func checkDocumentURL(id string) error {
	u, err := url.Parse(id)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return errNoClient
	case u.User != nil || strings.Contains(id, "#") || !isVisible(id):
		return errors.New("a client_id that is a URL has no user information and no fragment")
	case u.Path == "" || u.Path == "/":
		return errors.New("a client_id that is a URL has a path")
	case slices.ContainsFunc(strings.Split(u.Path, "/"), func(s string) bool { return s == "." || s == ".." }):
		return errors.New("a client_id that is a URL has no dot segments")
	}
	return nil
}

// clientOf returns the client with this id: one that is known or registered, or
// one that publishes a Client ID Metadata Document there.
func (s *Server) clientOf(ctx context.Context, id string) (*client, error) {
	s.mu.Lock()
	c, ok := s.store.client(id)
	d, published := s.store.documents.get(id)
	s.mu.Unlock()
	if ok {
		return c, nil
	}
	if published && s.config.Now().Before(d.expires) {
		return d.client, nil
	}
	if err := checkDocumentURL(id); err != nil {
		return nil, err
	}
	c, err := s.fetchDocument(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("the client metadata document can't be used: %w", err)
	}
	return c, nil
}

func (s *Server) fetchDocument(ctx context.Context, id string) (*client, error) {
	response, err := s.documents.Get(ctx, id)
	if err != nil {
		return nil, errors.New("it can't be fetched")
	}
	var d document
	if err := strictjson.Decode(response.Body, &d); err != nil {
		return nil, errors.New("it is not one JSON object of client metadata")
	}
	c, err := d.client(id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.documents.take(id)
	s.store.documents.put(id, &published{client: c, expires: s.config.Now().Add(documentTTL)})
	return c, nil
}

// client is who publishes d at id.
func (d *document) client(id string) (*client, error) {
	switch {
	case d.ClientID != id:
		return nil, errors.New("its client_id is not its URL")
	case d.ClientSecret != "":
		return nil, errors.New("it has a client_secret, which is none when everybody can read it")
	case d.AuthMethod != "" && d.AuthMethod != authNone:
		return nil, errors.New("its token_endpoint_auth_method is not none")
	}
	d.AuthMethod = authNone
	d.fillIn()
	if err := d.check(); err != nil {
		return nil, errors.New(asRefusal(err).description)
	}
	name := d.ClientName
	if name == "" {
		name = id
	}
	return &client{id: id, name: name, grants: d.GrantTypes, redirectURIs: d.RedirectURIs}, nil
}
