package devissuer

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/mcpbearer/mcpbearer/internal/fetch"
)

// maxBody is the size in bytes up to which request bodies are read, and
// maxQuery that of query strings.
const (
	maxBody  = 64 << 10
	maxQuery = 16 << 10
)

// Server is a development authorization server. Its methods may be called
// concurrently.
type Server struct {
	config    Config
	keys      Keys
	origin    string // as browsers write it in Origin headers
	endpoints Endpoints
	metadata  []byte
	pages     *pages
	documents fetch.Getter
	routes    map[string]route

	mu    sync.Mutex // guards store
	store *store
}

// route is what one path answers.
type route struct {
	methods map[string]http.HandlerFunc
	// cors lets scripts of any origin read the answers: nothing here depends
	// on cookies, and browser clients have no other way (MCP Inspector).
	cors bool
}

// New returns a server for config, or every mistake found in it, joined; each
// is a *[ConfigError]. It does no network I/O.
func New(config Config) (*Server, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	issuer, err := url.Parse(config.Issuer)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config:    config,
		keys:      config.Keys,
		origin:    originOf(issuer),
		endpoints: endpoints(issuer.Scheme+"://"+issuer.Host, strings.TrimSuffix(issuer.Path, "/")),
		documents: newDocumentGetter(),
		store:     newStore(config.Clients),
	}
	if s.keys == nil {
		if s.keys, err = newRSAKey(); err != nil {
			return nil, err
		}
	}
	if s.pages, err = newPages(); err != nil {
		return nil, err
	}
	if s.metadata, err = s.metadataBody(); err != nil {
		return nil, err
	}
	s.routes = s.table()
	return s, nil
}

func (s *Server) table() map[string]route {
	get := func(h http.HandlerFunc) route {
		return route{cors: true, methods: map[string]http.HandlerFunc{http.MethodGet: h, http.MethodHead: h}}
	}
	post := func(h http.HandlerFunc, cors bool) route {
		return route{cors: cors, methods: map[string]http.HandlerFunc{http.MethodPost: h}}
	}
	e := s.endpoints
	routes := map[string]route{
		pathOf(e.KeySet):        get(s.serveKeySet),
		pathOf(e.Token):         post(s.serveToken, true),
		pathOf(e.Registration):  post(s.serveRegister, true),
		pathOf(e.Introspection): post(s.serveIntrospect, false),
		pathOf(e.Revocation):    post(s.serveRevoke, false),
		pathOf(e.Authorization): {methods: map[string]http.HandlerFunc{
			http.MethodGet:  s.serveAuthorize,
			http.MethodPost: s.serveConsent,
		}},
	}
	for _, m := range e.Metadata {
		routes[pathOf(m)] = get(s.serveMetadata)
	}
	return routes
}

// pathOf returns the path of one of the server's own URLs.
func pathOf(endpoint string) string {
	_, rest, _ := strings.Cut(endpoint, "://")
	return rest[strings.IndexByte(rest, '/'):]
}

// Issuer returns the issuer identifier, as configured.
func (s *Server) Issuer() string { return s.config.Issuer }

// Endpoints returns the absolute URLs of the server.
func (s *Server) Endpoints() Endpoints {
	e := s.endpoints
	e.Metadata = slices.Clone(e.Metadata)
	return e
}

// Paths returns the absolute path of every route, sorted. A router that gets
// all of them, for any method, and the server as their handler, serves the
// whole issuer. None contains a character that a router reads as a pattern. No
// prefix may be stripped on the way.
func (s *Server) Paths() []string {
	paths := make([]string, 0, len(s.routes))
	for p := range s.routes {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// ServeHTTP implements [http.Handler]. Paths are matched whole and exactly;
// a path that is none of [Server.Paths] is answered 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	rt, ok := s.routes[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if rt.cors {
		w.Header().Set("Access-Control-Allow-Origin", "*")
	}
	if h, ok := rt.methods[r.Method]; ok {
		h(w, r)
		return
	}
	allow := rt.allow()
	w.Header().Set("Allow", allow)
	if rt.cors && r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Methods", allow)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version")
		w.Header().Set("Access-Control-Max-Age", "3600")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
}

func (rt route) allow() string {
	methods := make([]string, 0, len(rt.methods)+1)
	for m := range rt.methods {
		methods = append(methods, m)
	}
	if rt.cors {
		methods = append(methods, http.MethodOptions)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

func writeBody(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body) // The client is gone if this fails: nobody is left to tell.
}

// writeJSON writes an answer that no cache may keep (RFC 6749 §5.1).
func writeJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, "the authorization server failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(body) // As above.
}

// writeRefusal writes an error answer (RFC 6749 §5.2).
func writeRefusal(w http.ResponseWriter, err error) {
	r := asRefusal(err)
	if r.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="devissuer"`)
	}
	writeJSON(w, r.status, map[string]string{"error": r.code, "error_description": r.description})
}
