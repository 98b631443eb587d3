package search

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// ErrCursor means that Request.After is not what a Result gave.
var ErrCursor = errors.New("search: no such page")

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
		case b[0] == 'd' && two && errN == nil && errI == nil:
			return cursor{at: time.UnixMicro(n), id: i}, nil
		}
	}
	return cursor{}, ErrCursor
}
