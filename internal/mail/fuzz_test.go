package mail

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse checks that nothing makes Parse panic or break what it promises. The seeds in testdata/eml come from the
// test sets of Stalwart mail-parser (Apache-2.0 or MIT), enmime and mikel/mail (MIT).
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join("testdata", "eml", "*"))
	if err != nil || len(seeds) < 10 {
		f.Fatalf("%d seeds, %v", len(seeds), err)
	}
	for _, name := range seeds {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Parse(raw)
		checkMessage(t, "fuzz", m)
		if _, err := json.Marshal(m); err != nil {
			t.Error(err)
		}
	})
}
