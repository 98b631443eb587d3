package agent

import "strings"

// modeOf is the engine of a search as a label of metrics: its sentence without the reason and the share.
func modeOf(mode string) string {
	engine, meaning := "postgres", " without meaning"
	if strings.HasPrefix(mode, "elasticsearch") {
		engine = "elasticsearch"
	}
	if strings.Contains(mode, " and meaning") {
		meaning = " and meaning"
	}
	return engine + meaning
}
