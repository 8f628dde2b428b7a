package demo

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mcpbearer/mcpbearer/core"
)

// Settings say how an example runs. Each is an environment variable, and a flag
// of the same meaning that overrides it; an empty variable counts as unset.
type Settings struct {
	// Port is the port on 127.0.0.1; 0 takes a free one (PORT).
	Port uint
	// Issuer is the authorization server's issuer identifier, exactly as it
	// spells it (ISSUER). Where it isn't set, the example starts an
	// authorization server for development and puts its issuer here.
	Issuer string
	// Introspection says how Issuer is asked what its tokens are worth
	// (INTROSPECTION_URL, INTROSPECTION_CLIENT_ID, INTROSPECTION_CLIENT_SECRET).
	// Where none of them is set, tokens are JWTs.
	Introspection struct{ URL, ClientID, ClientSecret string }
	// Resource is the URL at which clients reach the MCP endpoint (RESOURCE).
	Resource string
	// Scopes are the scopes that every MCP request needs (SCOPES).
	Scopes []string
	// ScopesSupported is what the metadata lists (SCOPES_SUPPORTED). Nil means
	// Scopes and what the tools need beside them.
	ScopesSupported []string
	// Origins are the web origins whose pages may call the endpoint (ORIGINS).
	Origins []string
	// Stateful serves sessions, as MCP had them before 2026-07-28 (STATEFUL).
	Stateful bool
	// FilterLists shows in lists only what the caller may use (FILTER_LISTS).
	FilterLists bool
	// AuditLog is the file that gets one line for each tool run; where it is
	// empty, the log gets them (AUDIT_LOG).
	AuditLog string
}

// inspectorOrigin is where the MCP Inspector's page comes from.
const inspectorOrigin = "http://localhost:6274"

// readSettings reads the environment, each entry a "NAME=value", and then the
// arguments. Usage goes to output. The error is flag.ErrHelp if only that was
// asked for. An example's own flags come from more.
func readSettings(args, environment []string, output io.Writer, more ...func(*flag.FlagSet)) (*Settings, error) {
	env, err := readEnvironment(environment)
	if err != nil {
		return nil, err
	}
	s := &Settings{Port: 8080, Scopes: []string{"mcp:read"}}
	flags := s.flags(output)
	for _, add := range more {
		add(flags)
	}
	flags.VisitAll(func(f *flag.Flag) {
		if value := env[variable(f)]; value != "" {
			if wrong := f.Value.Set(value); wrong != nil {
				err = errors.Join(err, fmt.Errorf("%s=%q: %w", variable(f), value, wrong))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: settings are flags or environment variables, see -help", flags.Arg(0))
	}
	if err := s.checkIntrospection(); err != nil {
		return nil, err
	}
	return s, nil
}

// checkIntrospection wants all that it takes to ask, or nothing: to start without
// what the operator asked for would look like having it.
func (s *Settings) checkIntrospection() error {
	in := s.Introspection
	if in.URL == "" && in.ClientID == "" && in.ClientSecret == "" {
		return nil
	}
	for _, needed := range []struct{ name, value string }{
		{"INTROSPECTION_CLIENT_ID", in.ClientID},
		{"INTROSPECTION_CLIENT_SECRET", in.ClientSecret},
		{"INTROSPECTION_URL", in.URL + s.Issuer}, // whose metadata may name it
	} {
		if needed.value == "" {
			return fmt.Errorf("introspection is asked for, but %s is not set: set INTROSPECTION_CLIENT_ID and "+
				"INTROSPECTION_CLIENT_SECRET, and INTROSPECTION_URL unless the metadata of ISSUER name it", needed.name)
		}
	}
	return nil
}

// Issuers are the issuers whose tokens are good. Nil means that JWTs of the
// authorization server are.
func (s *Settings) Issuers() []core.Issuer {
	in := s.Introspection
	if in.ClientID == "" {
		return nil
	}
	return []core.Issuer{{URL: s.Issuer, Introspection: &core.Introspection{
		Endpoint: in.URL, ClientID: in.ClientID, ClientSecret: in.ClientSecret,
	}}}
}

// variable returns the environment variable that means the same as the flag.
func variable(f *flag.Flag) string {
	return strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// readEnvironment refuses settings of introspection that don't exist: whoever
// mistypes one would get another kind of tokens than they think.
func readEnvironment(environment []string) (map[string]string, error) {
	const introspection = "INTROSPECTION_"
	env := make(map[string]string, len(environment))
	var unknown []error
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
		if rest, ok := strings.CutPrefix(name, introspection); ok && value != "" && !slices.Contains([]string{"URL", "CLIENT_ID", "CLIENT_SECRET"}, rest) {
			unknown = append(unknown, fmt.Errorf("%s is set, but there is no such setting: see -help", name))
		}
	}
	return env, errors.Join(unknown...)
}

func (s *Settings) flags(output io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	flags.SetOutput(output)
	list := func(to *[]string) func(string) error {
		return func(value string) error { *to = strings.Fields(value); return nil }
	}
	flags.Func("port", "listen on 127.0.0.1:`PORT`, 0 for a free one (default 8080)", s.setPort)
	flags.StringVar(&s.Issuer, "issuer", "", "the authorization server's `issuer` (default an embedded one for development)")
	flags.StringVar(&s.Introspection.URL, "introspection-url", "", "the `URL` at which the issuer tells what its tokens are worth (default what its metadata name)")
	flags.StringVar(&s.Introspection.ClientID, "introspection-client-id", "", "the client `id` of this server there; with it, tokens are introspected")
	// Other processes can read an argument, so the usage says where it belongs.
	flags.StringVar(&s.Introspection.ClientSecret, "introspection-client-secret", "", "its `secret`; better set as INTROSPECTION_CLIENT_SECRET")
	flags.StringVar(&s.Resource, "resource", "", "the `URL` at which clients reach the endpoint (default http://127.0.0.1:PORT/mcp)")
	flags.Func("scopes", "the `scopes` that every MCP request needs, space separated (default mcp:read)", list(&s.Scopes))
	flags.Func("scopes-supported", "the `scopes` that the metadata lists, space separated (default those of -scopes and of the tools)", list(&s.ScopesSupported))
	flags.Func("origins", "the web `origins` allowed beside the resource's own, space separated", list(&s.Origins))
	flags.BoolFunc("stateful", "serve sessions (MCP 2025-11-25) instead of single requests", setSwitch(&s.Stateful))
	flags.BoolFunc("filter-lists", "list only what the caller may use", setSwitch(&s.FilterLists))
	flags.StringVar(&s.AuditLog, "audit-log", "", "the `file` that gets one line for each tool run (default the log)")
	flags.Usage = func() {
		fmt.Fprintln(output, "Each flag can be set as an environment variable too, such as SCOPES_SUPPORTED for -scopes-supported.")
		flags.PrintDefaults()
	}
	return flags
}

func setSwitch(to *bool) func(string) error {
	return func(value string) (err error) {
		if *to, err = strconv.ParseBool(value); err != nil {
			return errors.New("not a switch: choose 1 or 0")
		}
		return nil
	}
}

func (s *Settings) setPort(value string) error {
	port, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return errors.New("not a port: choose a number from 0 to 65535")
	}
	s.Port = uint(port)
	return nil
}

// complete fills in what depends on the address that the example listens on.
// It reports whether the example needs an authorization server of its own.
func (s *Settings) complete(address string) (embedded bool) {
	if s.Resource == "" {
		s.Resource = address + "/mcp"
	}
	if s.Issuer != "" {
		return false
	}
	s.Issuer = address
	if s.Origins == nil {
		s.Origins = []string{inspectorOrigin}
	}
	return true
}
