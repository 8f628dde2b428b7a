package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the client's guide shows of a terminal is what happens there: each command
// is run, by a person who refuses where the guide has them refuse.
func TestGuideShowsWhatHappens(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "client.md"))
	if err != nil {
		t.Fatal(err)
	}
	example := start(t, "gin")
	store := filepath.Join(t.TempDir(), "tokens.json")
	commands := 0
	for _, block := range regexp.MustCompile("(?ms)^```console\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		for _, shown := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			command, want, _ := strings.Cut(shown, "\n")
			words := strings.Fields(strings.NewReplacer("'", "", "/tmp/tokens.json", store, "http://127.0.0.1:8080", example.address).Replace(command))
			me := &person{name: "alice", deny: strings.Contains(want, "\nrefused: "), wire: &wire{}}
			r := me.runClient(t, words[1:]...)
			var got strings.Builder
			for _, page := range r.asked {
				got.WriteString("authorize: " + page.String() + "\n")
			}
			got.WriteString(r.stderr + r.stdout)
			if lasting(got.String(), example.address) != lasting(strings.TrimSuffix(want, "\n")+"\n", "http://127.0.0.1:8080") {
				t.Errorf("%s\nprinted\n%s\nand the guide shows\n%s", command, got.String(), want)
			}
			commands++
		}
	}
	if commands != 4 {
		t.Errorf("the guide shows %d commands, want 4", commands)
	}
}

// lasting takes out of an output what is another each time.
func lasting(text, address string) string {
	port := address[strings.LastIndexByte(address, ':')+1:]
	text = regexp.MustCompile(`(client_id|code_challenge|state)=[\w-]+`).ReplaceAllString(text, "$1=*")
	text = regexp.MustCompile(`%3A\d+%2Fcallback`).ReplaceAllString(text, "%3A*%2Fcallback")
	return strings.NewReplacer(":"+port, ":*", "%3A"+port, "%3A*").Replace(text)
}
