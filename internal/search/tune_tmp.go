package search

import (
	"os"
	"strconv"
)

func tune(name string, d float64) float32 {
	if s := os.Getenv("TUNE_" + name); s != "" {
		f, _ := strconv.ParseFloat(s, 64)
		return float32(f)
	}
	return float32(d)
}
