package slo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A Stamp is how the minutes of rows are written: as integers or as times.
type Stamp struct {
	seconds bool              // integers count seconds
	layout  string            // of times; empty of integers
	zone    *time.Location    // of the first time
	as      map[Minute]string // as the rows write them, where a minute can be written in more than one way
}

// JSON writes a minute as the rows do.
func (st Stamp) JSON(m Minute) json.RawMessage {
	if st.layout != "" {
		return json.RawMessage(strconv.Quote(st.Text(m)))
	}
	return json.RawMessage(st.Text(m))
}

// Text writes a minute as its row does, and one without a row as the first row would.
func (st Stamp) Text(m Minute) string {
	switch text, ok := st.as[m]; {
	case ok:
		return text
	case st.layout != "":
		return m.Time().In(st.zone).Format(st.layout)
	case st.seconds:
		return strconv.FormatInt(int64(m)*60, 10)
	}
	return strconv.FormatInt(int64(m), 10)
}

// secondsFrom is where integers can only be seconds since 1970: as minutes they would lie in the year 3871.
const secondsFrom = 1_000_000_000

// parse reads a minute; the first row decides the form of all others.
func (st *Stamp) parse(field string, first bool) (Minute, error) {
	n, err := strconv.ParseInt(field, 10, 64)
	if err != nil {
		return st.parseTime(field, first)
	}
	if first {
		st.seconds = n >= secondsFrom
	}
	switch {
	case st.layout != "":
		return 0, fmt.Errorf("minute %q is a number, but the first row has a time", field)
	case n < 0 || n >= 1000*secondsFrom || st.seconds != (n >= secondsFrom):
		return 0, fmt.Errorf("minute %q is out of range: write minutes since 1970, an index from 0, or a time such as 2026-11-25T08:00:00Z", field)
	case st.seconds && n%60 != 0:
		st.note(Minute(n/60), field)
	}
	if st.seconds {
		n /= 60
	}
	return Minute(n), nil
}

// parseTime reads a time of RFC 3339, which allows a space before the hour.
func (st *Stamp) parseTime(field string, first bool) (Minute, error) {
	t, err := time.Parse(time.RFC3339, strings.Replace(strings.ToUpper(field), " ", "T", 1))
	if err != nil {
		return 0, fmt.Errorf("minute %q is neither a whole number nor a time with its zone, such as 2026-11-25T08:00:00Z", field)
	}
	if first {
		st.layout, st.zone = time.RFC3339, t.Location()
		if strings.HasSuffix(field, "+00:00") {
			st.layout = "2006-01-02T15:04:05-07:00"
		}
	}
	if st.layout == "" {
		return 0, fmt.Errorf("minute %q is a time, but the first row has a number", field)
	}
	m := MinuteOf(t)
	if field != st.Text(m) {
		st.note(m, field)
	}
	return m, nil
}

// note remembers how a row writes its minute; of two rows, the first.
func (st *Stamp) note(m Minute, field string) {
	if st.as == nil {
		st.as = map[Minute]string{}
	}
	if _, ok := st.as[m]; !ok {
		st.as[m] = field
	}
}

// ReadRows reads rows "minute,good,total", in order, with or without that line above them. The minute is an integer
// (minutes since 1970 or from any start; from 1,000,000,000 on, seconds since 1970) or a time of RFC 3339. Minutes that
// are left out were not measured.
func ReadRows(in io.Reader, targetBP int) (*Series, Stamp, error) {
	series := NewSeries(31 * day)
	var st Stamp
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), 1<<20)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if len(line) == 0 || series.Len() == 0 && isHeader(line) {
			continue
		}
		c, err := st.row(line, series.Len() == 0)
		if err == nil {
			err = follows(series, c.Minute, st)
		}
		if err == nil {
			err = series.Add(c, targetBP)
		}
		if err != nil {
			return nil, st, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, st, fmt.Errorf("line %d: %w", n+1, err)
	}
	if series.Len() == 0 {
		return nil, st, errors.New("there are no rows: each line needs minute,good,total")
	}
	return series, st, nil
}

func isHeader(line []byte) bool {
	return bytes.EqualFold(bytes.ReplaceAll(line, []byte(" "), nil), []byte("minute,good,total"))
}

func (st *Stamp) row(line []byte, first bool) (Count, error) {
	fields := bytes.Split(line, []byte(","))
	if len(fields) != 3 {
		return Count{}, fmt.Errorf("%d fields, want three: minute,good,total", len(fields))
	}
	for i := range fields {
		fields[i] = bytes.Trim(fields[i], " \t\"")
	}
	m, err := st.parse(string(fields[0]), first)
	if err != nil {
		return Count{}, err
	}
	good, err := events("good", fields[1])
	if err != nil {
		return Count{}, err
	}
	total, err := events("total", fields[2])
	if err != nil {
		return Count{}, err
	}
	if good > total {
		return Count{}, fmt.Errorf("good is %d of a total of %d: more good events than events", good, total)
	}
	return Count{Minute: m, Good: good, Total: total}, nil
}

func events(name string, field []byte) (int64, error) {
	n, err := strconv.ParseInt(string(field), 10, 64)
	if err != nil || n < 0 || n > maxEvents {
		return 0, fmt.Errorf("%s %q is no whole number from 0 to %d", name, field, maxEvents)
	}
	return n, nil
}

func follows(s *Series, m Minute, st Stamp) error {
	switch {
	case s.Len() == 0 || m > s.Last():
		return nil
	case m == s.Last():
		return fmt.Errorf("minute %s comes twice", st.Text(m))
	}
	return fmt.Errorf("minute %s comes after minute %s: the rows must be in order", st.Text(m), st.Text(s.Last()))
}
