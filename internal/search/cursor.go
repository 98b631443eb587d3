package search

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"applylens/internal/errs"
)

// maxMicros is the end of the year 9999: later times are no times of mail, and Postgres does not take all of them.
const maxMicros = 253402300799_999999

// A cursor is the place of a page: after so many ranked hits, or after an email by time.
type cursor struct {
	offset int
	at     time.Time
	id     int64
}

func (c cursor) String() string {
	s := "r" + strconv.Itoa(c.offset)
	if !c.at.IsZero() {
		s = "d" + strconv.FormatInt(c.at.UnixMicro(), 10) + "." + strconv.FormatInt(c.id, 10)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(s))
}

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return cursor{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil && len(b) > 1 {
		at, id, two := strings.Cut(string(b[1:]), ".")
		n, errN := strconv.ParseInt(at, 10, 64)
		switch i, errI := strconv.ParseInt(id, 10, 64); {
		case b[0] == 'r' && !two && errN == nil && n >= 0 && n <= maxOffset:
			return cursor{offset: int(n)}, nil
		case b[0] == 'd' && two && errN == nil && errI == nil && n >= 0 && n <= maxMicros:
			return cursor{at: time.UnixMicro(n), id: i}, nil
		}
	}
	return cursor{}, errs.BadInput("There is no such page of this search. Search again.")
}
