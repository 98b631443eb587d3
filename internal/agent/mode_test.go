package agent

import "testing"

func TestModeOf(t *testing.T) {
	for mode, want := range map[string]string{
		"postgres word index":                       "postgres without meaning",
		"postgres word index alone (it took long)":  "postgres without meaning",
		"postgres word index and meaning (7 % of …": "postgres and meaning",
		"elasticsearch":                             "elasticsearch without meaning",
		"elasticsearch and meaning":                 "elasticsearch and meaning",
	} {
		if got := modeOf(mode); got != want {
			t.Errorf("%s is %s, want %s", mode, got, want)
		}
	}
}
