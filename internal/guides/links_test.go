package guides

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLinks follows every link of the guides and of the README that stays in the
// tree, to its file and its heading. Links to other places are not followed.
func TestLinks(t *testing.T) {
	all := pages(t)
	readme := parsePage("../README.md", read(t, root+"/README.md"))
	link := regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	for _, p := range append(all, readme) {
		for _, m := range link.FindAllStringSubmatch(prose(p.text), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := filepath.Join(docs, p.name)
			if target != "" {
				file = filepath.Join(filepath.Dir(file), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("docs/%s links to %s: %v", p.name, m[1], err)
				continue
			}
			if anchor != "" && !strings.Contains("\n"+strings.Join(anchors(read(t, file)), "\n")+"\n", "\n"+anchor+"\n") {
				t.Errorf("docs/%s links to %s, and there is no such heading", p.name, m[1])
			}
		}
	}
}

// TestIndex: the index leads to every guide.
func TestIndex(t *testing.T) {
	index := read(t, docs+"/README.md")
	for _, p := range pages(t) {
		if p.name != "README.md" && !strings.Contains(index, "]("+p.name+")") {
			t.Errorf("docs/README.md doesn't lead to %s", p.name)
		}
	}
	if !strings.Contains(read(t, root+"/README.md"), "](docs/README.md)") {
		t.Error("the README doesn't lead to docs/README.md")
	}
}

// prose is the text without its blocks.
func prose(text string) string {
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
}

// anchors are the names that GitHub gives to the headings of a page: lower case,
// without punctuation, hyphens for spaces, and a number where one is there
// already.
func anchors(text string) []string {
	var names []string
	seen := make(map[string]int)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(prose(text), -1) {
		name := strings.ReplaceAll(strings.ToLower(regexp.MustCompile(`[^\p{L}\p{N}\s_-]`).ReplaceAllString(m[1], "")), " ", "-")
		if again := seen[name]; again > 0 {
			names = append(names, name+"-"+string(rune('0'+again)))
		} else {
			names = append(names, name)
		}
		seen[name]++
	}
	return names
}
