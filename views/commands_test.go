package views

import (
	"os"
	"strings"
	"testing"
)

// Each command leads somewhere, each verb exists in the scripts, and no two commands of one page share a key.
func TestCommands(t *testing.T) {
	script, err := os.ReadFile("../static/js/commands.js")
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]string{}
	for _, c := range Commands() {
		if (c.Href == "") == (c.Do == "") {
			t.Errorf("%s: either a place or a verb", c.Title)
		}
		if verb, _, isFamily := strings.Cut(c.Do, ":"); c.Do != "" && !isFamily &&
			!strings.Contains(string(script), "\t"+verb+":") && !strings.Contains(string(script), "\t\""+verb+"\":") {
			t.Errorf("%s: the scripts do not know the verb %q", c.Title, verb)
		}
		for _, key := range c.Keys {
			for _, page := range pagesOf(c.Scope) {
				if other := taken[page+key]; other != "" {
					t.Errorf("%s and %s both want %q on a %s", other, c.Title, key, page)
				}
				taken[page+key] = c.Title
			}
		}
	}
}

func pagesOf(scope string) []string {
	switch scope {
	case "list", "thread":
		return []string{scope}
	}
	return []string{"list", "thread"}
}
