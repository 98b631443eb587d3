package views

import (
	"slices"
	"strconv"
	"time"

	"applylens/internal/db"
)

func importing(imports []db.Import) bool {
	return slices.ContainsFunc(imports, func(im db.Import) bool { return im.State == "running" })
}

// speed says how fast an import runs and how long it will still take, once both can be told.
func speed(im db.Import, now time.Time) string {
	took := now.Sub(im.StartedAt).Seconds()
	if took < 1 || im.Seen == 0 {
		return ""
	}
	text := ", " + strconv.Itoa(int(float64(im.Seen)/took)) + " a second"
	if im.BytesDone > 0 && im.BytesTotal > im.BytesDone {
		left := took * float64(im.BytesTotal-im.BytesDone) / float64(im.BytesDone)
		text += ", about " + (time.Duration(left) * time.Second).Round(time.Second).String() + " left"
	}
	return text
}
