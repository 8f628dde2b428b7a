package demo

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestReadSettings(t *testing.T) {
	defaults := Settings{Port: 8080, Scopes: []string{"mcp:read"}}
	full := Settings{
		Port: 0, Issuer: "https://as.example/", Resource: "https://mcp.example/mcp",
		Scopes: []string{"a", "b"}, ScopesSupported: []string{"a", "b", "c"},
		Origins: []string{"https://app.example", "http://localhost:6274"}, Stateful: true, FilterLists: true, AuditLog: "/tmp/audit",
	}
	full.Introspection.URL, full.Introspection.ClientID, full.Introspection.ClientSecret = "https://as.example/in", "me", "hidden"
	for _, test := range []struct {
		name      string
		args, env []string
		want      Settings
	}{
		{name: "nothing set", want: defaults},
		{name: "set to nothing", env: []string{"PORT=", "ISSUER=", "SCOPES=", "STATEFUL=", "FILTER_LISTS=", "INTROSPECTION_URL="}, want: defaults},
		{name: "other variables", env: []string{"HOME=/root", "MODE=1", "HELP=1", "=C:=x"}, want: defaults},
		{name: "the environment", env: []string{
			"PORT=0", "ISSUER=https://as.example/", "RESOURCE=https://mcp.example/mcp", "SCOPES= a  b ", "SCOPES_SUPPORTED=a b c",
			"ORIGINS=https://app.example http://localhost:6274", "STATEFUL=1", "FILTER_LISTS=1", "AUDIT_LOG=/tmp/audit",
			"INTROSPECTION_URL=https://as.example/in", "INTROSPECTION_CLIENT_ID=me", "INTROSPECTION_CLIENT_SECRET=hidden",
		}, want: full},
		{name: "flags", args: []string{
			"-port=0", "-issuer=https://as.example/", "-resource=https://mcp.example/mcp", "-scopes=a b", "-scopes-supported=a b c",
			"-origins=https://app.example http://localhost:6274", "-stateful", "-filter-lists", "-audit-log=/tmp/audit",
			"-introspection-url=https://as.example/in", "-introspection-client-id=me", "-introspection-client-secret=hidden",
		}, want: full},
		{
			name: "flags over the environment", args: []string{"-port=9000", "-scopes=b", "-stateful=0"},
			env: []string{"PORT=7000", "SCOPES=a", "STATEFUL=1"}, want: Settings{Port: 9000, Scopes: []string{"b"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readSettings(test.args, test.env, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, test.want) {
				t.Errorf("got  %+v\nwant %+v", *got, test.want)
			}
		})
	}
}

func TestReadSettingsRefuses(t *testing.T) {
	for _, test := range []struct {
		name      string
		args, env []string
		says      []string
	}{
		{"several mistakes at once", nil, []string{"PORT=-1", "STATEFUL=2", "FILTER_LISTS=all"}, []string{"PORT", "STATEFUL", "FILTER_LISTS"}},
		{"mistyped settings", nil, []string{"INTROSPECTION_URI=x", "INTROSPECTION_NEW=y"}, []string{"INTROSPECTION_URI", "INTROSPECTION_NEW"}},
		{"introspection nowhere", nil, []string{"INTROSPECTION_CLIENT_ID=x", "INTROSPECTION_CLIENT_SECRET=y"}, []string{"INTROSPECTION_URL", "ISSUER"}},
		{"introspection by nobody", nil, []string{"ISSUER=https://as.example", "INTROSPECTION_URL=x", "INTROSPECTION_CLIENT_SECRET=y"}, []string{"INTROSPECTION_CLIENT_ID"}},
		{"introspection without a secret", nil, []string{"ISSUER=https://as.example", "INTROSPECTION_CLIENT_ID=x"}, []string{"INTROSPECTION_CLIENT_SECRET"}},
		{"an unknown flag", []string{"-introspection-uri=x"}, nil, []string{"introspection-uri"}},
		{"an argument", []string{"8080"}, nil, []string{"8080", "-help"}},
		{"a bad flag", []string{"-port=http"}, nil, []string{"port", "65535"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readSettings(test.args, test.env, io.Discard)
			if err == nil {
				t.Fatalf("got %+v, want an error", *got)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q doesn't mention %q", err, part)
				}
			}
		})
	}
}

func TestHelpNamesEverySetting(t *testing.T) {
	var usage bytes.Buffer
	if _, err := readSettings([]string{"-help"}, nil, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v, want flag.ErrHelp", err)
	}
	for _, name := range []string{"port", "issuer", "resource", "scopes", "scopes-supported", "stateful", "filter-lists", "origins", "audit-log", "introspection-url", "introspection-client-id", "introspection-client-secret"} {
		if !strings.Contains(usage.String(), "  -"+name) {
			t.Errorf("-%s is missing:\n%s", name, &usage)
		}
	}
}

func TestComplete(t *testing.T) {
	const address = "http://127.0.0.1:4000"
	for _, test := range []struct {
		name        string
		given, want Settings
		embedded    bool
	}{
		{
			"a demo",
			Settings{},
			Settings{Issuer: address, Resource: address + "/mcp", Origins: []string{"http://localhost:6274"}},
			true,
		},
		{
			"a demo with origins",
			Settings{Resource: "https://h/mcp", Origins: []string{"https://app.example"}},
			Settings{Issuer: address, Resource: "https://h/mcp", Origins: []string{"https://app.example"}},
			true,
		},
		{
			"a real issuer",
			Settings{Issuer: "https://as.example"},
			Settings{Issuer: "https://as.example", Resource: address + "/mcp"},
			false,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.given
			if embedded := got.complete(address); embedded != test.embedded || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v, embedded %v\nwant %+v, embedded %v", got, embedded, test.want, test.embedded)
			}
		})
	}
}

func TestPath(t *testing.T) {
	for resource, want := range map[string]string{
		"https://h": "/", "https://h/": "/", "https://h/mcp": "/mcp", "https://h:1/a/b/": "/a/b/", "https://h?x=/y": "/", "https://h/mcp?x=/y": "/mcp",
	} {
		d := Demo{Settings: Settings{Resource: resource}}
		if got := d.path(); got != want {
			t.Errorf("%s: path %q, want %q", resource, got, want)
		}
	}
}
