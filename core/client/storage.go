package client

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Storage keeps what a client must not forget between requests, and better not
// between runs. Its methods may be called concurrently.
type Storage interface {
	// Load returns the state under key, as the last finished Update left it. A
	// key without one has the zero State.
	Load(ctx context.Context, key Key) (State, error)
	// Update replaces the state under key by what change makes of it. It runs
	// change, once, under a lock that keeps out every other Update of that key,
	// in all processes that share the store: change may send a refresh token,
	// which is good for one use. If change fails, nothing is replaced and
	// Update returns that error. A zero State need not be kept.
	Update(ctx context.Context, key Key, change func(State) (State, error)) error
}

// Key names one [State]. With both fields it is the one of a resource at an
// authorization server, and holds a token. Without Resource it is that of an
// authorization server, and holds a registration. Without Issuer it is that of
// a resource, and tells which authorization server is in use.
type Key struct {
	// Issuer is the issuer identifier of the authorization server (RFC 8414 §2).
	Issuer string `json:"issuer,omitempty"`
	// Resource is Config.Resource.
	Resource string `json:"resource,omitempty"`
}

// State is what is kept under a [Key]. It holds secrets: a [Storage] must let
// nobody else read it.
type State struct {
	// Token is what was granted, if anything was.
	Token *Token `json:"token,omitempty"`
	// Registration is the client's own at an authorization server.
	Registration *Registration `json:"registration,omitempty"`

	// Issuer is the authorization server that a resource uses, ClientID the
	// pre-registered client that is used there, and MetadataURL where the
	// resource's metadata was found.
	Issuer      string `json:"issuer,omitempty"`
	ClientID    string `json:"client_id,omitempty"`
	MetadataURL string `json:"metadata_url,omitempty"`
}

// Token is an access token, with all that is needed to renew it.
type Token struct {
	// AccessToken and RefreshToken are the tokens themselves (RFC 6749 §5.1).
	// Without the latter the former can't be refreshed.
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	// Issued and Expiry are when the access token came and when it expires, by
	// this machine's clock. A zero Expiry means that nobody said.
	Issued time.Time `json:"issued"`
	Expiry time.Time `json:"expiry,omitzero"`
	// Requested and Scopes are the scopes that were asked for and those that
	// were granted.
	Requested []string `json:"requested,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`
	// Resource is the resource indicator that it was asked for (RFC 8707 §2).
	Resource string `json:"resource"`
	// TokenEndpoint is where it came from. A refresh token goes nowhere else.
	TokenEndpoint string `json:"token_endpoint"`
	// Client is the client that it was issued to.
	Client Registration `json:"client"`
}

// Registration is a client that an authorization server knows.
type Registration struct {
	// ClientID, ClientSecret and AuthMethod are the client information of RFC
	// 7591 §3.2.1. The secret of [Credentials] is not among what is stored.
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"`
	AuthMethod   string `json:"token_endpoint_auth_method,omitempty"`
	// SecretExpiry is when the secret expires; zero means never.
	SecretExpiry time.Time `json:"client_secret_expires_at,omitzero"`
	// RedirectURI is the one that was registered.
	RedirectURI string `json:"redirect_uri,omitempty"`
}

// String hides the tokens.
func (t Token) String() string { return "token for " + t.Resource }

// GoString hides the tokens.
func (t Token) GoString() string { return t.String() }

// LogValue hides the tokens in logs, which may be written as JSON: a [Storage]
// has to see them there.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// String hides the secret.
func (r Registration) String() string { return "registration of client " + r.ClientID }

// GoString hides the secret.
func (r Registration) GoString() string { return r.String() }

// LogValue hides the secret in logs, as that of a [Token] does.
func (r Registration) LogValue() slog.Value { return slog.StringValue(r.String()) }

// LogValue hides the secrets in logs, as that of a [Token] does.
func (s State) LogValue() slog.Value {
	var attrs []slog.Attr
	if s.Token != nil {
		attrs = append(attrs, slog.Any("token", *s.Token))
	}
	if s.Registration != nil {
		attrs = append(attrs, slog.Any("registration", *s.Registration))
	}
	return slog.GroupValue(append(attrs, slog.String("issuer", s.Issuer))...)
}

// clone returns a State that shares nothing with s.
func (s State) clone() State {
	if s.Token != nil {
		token := *s.Token
		token.Requested, token.Scopes = slices.Clone(token.Requested), slices.Clone(token.Scopes)
		s.Token = &token
	}
	if s.Registration != nil {
		registration := *s.Registration
		s.Registration = &registration
	}
	return s
}

// MemoryStorage returns a [Storage] that ends with the process.
func MemoryStorage() Storage {
	return &memory{entries: make(map[Key]*entry)}
}

type memory struct {
	mu      sync.Mutex
	entries map[Key]*entry
}

// entry is one state and its lock, which is a channel so that who waits for it
// can give up.
type entry struct {
	lock  chan struct{}
	state State
}

func (m *memory) entry(key Key) *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[key]
	if e == nil {
		e = &entry{lock: make(chan struct{}, 1)}
		m.entries[key] = e
	}
	return e
}

// Load implements [Storage].
func (m *memory) Load(_ context.Context, key Key) (State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil {
		return e.state.clone(), nil
	}
	return State{}, nil
}

// Update implements [Storage].
func (m *memory) Update(ctx context.Context, key Key, change func(State) (State, error)) error {
	e := m.entry(key)
	select {
	case e.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.lock }()
	// Only who holds the lock changes the state, but Load may read it meanwhile.
	before, err := m.Load(ctx, key)
	if err != nil {
		return err
	}
	after, err := change(before)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e.state = after.clone()
	return nil
}
