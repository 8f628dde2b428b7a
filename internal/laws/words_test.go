package laws

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestNamesAreTheWordsOfTheRFCs looks at what users of the packages read first.
func TestNamesAreTheWordsOfTheRFCs(t *testing.T) {
	foreign := regexp.MustCompile(`IdP|IDP|Login|Permission|Guard|ValidateToken`)
	for _, folder := range []string{"core", "core/gosdk", "core/client", "core/issuers", "core/authtest", "ginmcp", "echomcp", "chimcp", "nethttp"} {
		for _, name := range face(t, folder) {
			if foreign.MatchString(name) {
				t.Errorf("%s exports %s", folder, name)
			}
		}
	}
	// Amazon Cognito's hosts begin with cognito-idp.
	prose := regexp.MustCompile(`(?i)(?:^|[^-\w])IdPs?\b|\bvalidat\w+ (an? |the )?(access )?tokens?\b|\btoken validation\b`)
	for _, path := range files(t, func(path string) bool {
		return strings.HasSuffix(path, ".md") || strings.HasPrefix(path, "core/") && strings.HasSuffix(path, ".go")
	}) {
		if found := prose.Find(read(t, path)); found != nil {
			t.Errorf("%s says %q: tokens are verified, config is validated, and tokens come from an authorization server", path, found)
		}
	}
}

// TestNothingIsLeftOpen looks for notes of what remains to be done.
func TestNothingIsLeftOpen(t *testing.T) {
	open := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)
	search(t, open, "leaves something open")
}

// TestTheTreeIsAtHomeAnywhere looks for what ties it to one machine or one
// network: package registries' hosts, and paths of the machine it is on.
func TestTheTreeIsAtHomeAnywhere(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	ties := []string{
		`registry\.(npmjs|yarnpkg|npmmirror)\.`, `(proxy|sum|index)\.golang\.org`, `goproxy\.(io|cn)`,
		`files\.pythonhosted\.org`, `/(root|home/\w+|Users/\w+)/`,
	}
	if sep := string(filepath.Separator); strings.Count(here, sep) > 1 { // "/app/" may be anything
		ties = append(ties, regexp.QuoteMeta(here+sep))
	}
	search(t, regexp.MustCompile(strings.Join(ties, "|")), "names a place that others don't have")
}

// search reports every text file in which something is found, but for this one.
func search(t *testing.T, what *regexp.Regexp, problem string) {
	t.Helper()
	for _, path := range files(t, func(path string) bool { return path != "internal/laws/words_test.go" }) {
		text := read(t, path)
		if !utf8.Valid(text) {
			continue
		}
		if at := what.FindIndex(text); at != nil {
			line := 1 + strings.Count(string(text[:at[0]]), "\n")
			t.Errorf("%s:%d %s: %q", path, line, problem, text[at[0]:at[1]])
		}
	}
}
