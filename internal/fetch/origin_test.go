package fetch

import (
	"net/url"
	"strings"
	"testing"
)

func TestIsLoopbackHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost":         true,
		"LocalHost":         true,
		"127.0.0.1":         true,
		"127.255.255.254":   true,
		"::1":               true,
		"0:0:0:0:0:0:0:1":   true,
		"":                  false,
		"localhost.":        false,
		"a.localhost":       false,
		"localhost.example": false,
		"127.0.0.1.example": false,
		"127.1":             false,
		"127.0.0.01":        false,
		"0.0.0.0":           false,
		"128.0.0.1":         false,
		"10.0.0.1":          false,
		"::":                false,
		"::2":               false,
		"::1%eth0":          false,
		"::ffff:127.0.0.1":  false,
		"[::1]":             false,
		"127.0.0.1:80":      false,
		"localho\u017ft":    false,
	} {
		if got := IsLoopbackHost(host); got != want {
			t.Errorf("IsLoopbackHost(%q) = %v, want %v", host, got, want)
		}
	}
}

// A URL is shown as it was written, but for what may be a password in it.
func TestShown(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                   "",
		"mcp":                                "mcp",
		"https://h/mcp":                      "https://h/mcp",
		"https://h/@team/mcp":                "https://h/@team/mcp",
		"https://h/mcp?m=a@b":                "https://h/mcp?m=a@b",
		"https://u:hunter2@h/mcp":            "https://…@h/mcp",
		"http://hunter2@h":                   "http://…@h",
		"https://u:hunter2@h/@team":          "https://…@team",
		"https://u:hun/ter2@h/mcp":           "https://…@h/mcp",
		"https://u:hunter2%zz@h/mcp":         "https://…@h/mcp",
		"https:/u:hunter2@h/mcp":             "…@h/mcp",
		"u:hunter2@h/mcp":                    "…@h/mcp",
		"u:hun//ter2@h/mcp":                  "…@h/mcp",
		"//u:hunter2@h/mcp":                  "…@h/mcp",
		"https://u:hunter2@h\r\n":            "https://…@h\r\n",
		"https://https://u:hunter2@h/mcp":    "https://…@h/mcp",
		"postgres://u:hunter2@h:5432/tokens": "…@h:5432/tokens",
	} {
		if got := Shown(raw); got != want {
			t.Errorf("Shown(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"https://as.example", "https://as.example/jwks?x#y", true},
		{"https://as.example", "https://as.example:443/", true},
		{"http://as.example:80", "http://as.example", true},
		{"https://as.example:/", "https://as.example", true},
		{"HTTPS://AS.Example", "https://as.example", true},
		{"https://[2001:DB8::1]:443", "https://[2001:db8::1]", true},
		{"https://as.example", "http://as.example", false},
		{"https://as.example:80", "http://as.example:80", false},
		{"https://as.example:443", "http://as.example:443", false},
		{"https://as.example", "https://as.example:80", false},
		{"https://as.example", "https://as.example:8443", false},
		{"https://as.example", "https://as.example.", false},
		{"https://as.example", "https://a.as.example", false},
		{"https://as.example", "https://as.example@evil.example", false},
		{"https://kas.example", "https://\u212aas.example", false},
		{"https://as.example", "/jwks", false},
		{"/a", "/a", false},
		{"mailto:a@as.example", "mailto:a@as.example", false},
	} {
		a, b := parse(t, test.a), parse(t, test.b)
		if SameOrigin(a, b) != test.want || SameOrigin(b, a) != test.want {
			t.Errorf("S31: SameOrigin(%s, %s) is not %v both ways", test.a, test.b, test.want)
		}
	}
	if u := parse(t, "https://as.example"); SameOrigin(u, nil) || SameOrigin(nil, u) || SameOrigin(nil, nil) {
		t.Error("S31: no URL has no origin")
	}
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCheckURL(t *testing.T) {
	for _, test := range []struct {
		url         string
		plain, open bool // accepted without and with AllowHTTP
	}{
		{"https://as.example/jwks", true, true},
		{"https://as.example:8443/jwks?x=y", true, true},
		{"HTTPS://as.example", true, true},
		{"http://localhost:8080/jwks", true, true},
		{"http://127.0.0.1/jwks", true, true},
		{"http://[::1]:8080/jwks", true, true},
		{"http://as.example/jwks", false, true},
		{"http://localhost.example/jwks", false, true},
		{"http://[::ffff:127.0.0.1]/jwks", false, true},
		{"", false, false},
		{"/jwks", false, false},
		{"//as.example/jwks", false, false},
		{"as.example/jwks", false, false},
		{"https:", false, false},
		{"https:as.example", false, false},
		{"https:///jwks", false, false},
		{"https://:443/jwks", false, false},
		{"ftp://as.example/jwks", false, false},
		{"file:///etc/passwd", false, false},
		{"file://localhost/etc/passwd", false, false},
		{"javascript:alert(1)", false, false},
		{"javascript://localhost/%0aalert(1)", false, false},
		{"https://user@as.example/", false, false},
		{"https://@as.example/", false, false},
		{"https://as.example\r\n/", false, false},
		{" https://as.example", false, false},
		{"https://as.example:port/", false, false},
		{"https://as.example/" + strings.Repeat("a", 4096-len("https://as.example/")), true, true},
		{"https://as.example/" + strings.Repeat("a", 4097-len("https://as.example/")), false, false},
		{"https://as.example/\u009b31m", false, false},
		{"https://as.example/\u202etxt", false, false},
		{"https://as.example/\u00fc", false, false},
		{"https://as.example/%C3%BC", true, true},
	} {
		_, err := Getter{}.CheckURL(test.url)
		if (err == nil) != test.plain {
			t.Errorf("%q: error %v, accepted should be %v", test.url, err, test.plain)
		}
		_, err = Getter{AllowHTTP: true}.CheckURL(test.url)
		if (err == nil) != test.open {
			t.Errorf("%q with AllowHTTP: error %v, accepted should be %v", test.url, err, test.open)
		}
		tls := test.plain && !strings.HasPrefix(test.url, "http:")
		_, err = Getter{TLSOnLoopback: true}.CheckURL(test.url)
		if (err == nil) != tls {
			t.Errorf("C11: %q with TLSOnLoopback: error %v, accepted should be %v", test.url, err, tls)
		}
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, seed := range []string{
		"https://as.example/jwks", "http://127.0.0.1:8080/", "http://[::1]/", "http://localhost#x",
		"https://user:password@as.example/", "HTTPS://AS.example:443", "https://[::1%25eth0]/", "javascript://localhost/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := Getter{}.CheckURL(raw)
		if err != nil {
			if u != nil {
				t.Fatalf("%q: a URL beside the error", raw)
			}
			return
		}
		if u.Scheme != "https" && !(u.Scheme == "http" && IsLoopbackHost(u.Hostname())) {
			t.Fatalf("%q accepted", raw)
		}
		if u.User != nil || u.Hostname() == "" {
			t.Fatalf("%q accepted", raw)
		}
		if !SameOrigin(u, u) {
			t.Fatalf("%q is not of its own origin", raw)
		}
		if _, err := (Getter{AllowHTTP: true}).CheckURL(raw); err != nil {
			t.Fatalf("%q is refused with AllowHTTP alone: %v", raw, err)
		}
		if strings.Contains(origin(u), "@") {
			t.Fatalf("origin %q of %q", origin(u), raw)
		}
	})
}
