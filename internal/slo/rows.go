package slo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// A Stamp is how the minutes of rows are written: as integers or as times.
type Stamp struct {
	times   bool
	zone    *time.Location // of the first time
	seconds bool           // integers count seconds
}

// JSON writes a minute as the rows do.
func (st Stamp) JSON(m Minute) json.RawMessage {
	if st.times {
		return json.RawMessage(strconv.Quote(st.Text(m)))
	}
	return json.RawMessage(st.Text(m))
}

// Text writes a minute as the rows do.
func (st Stamp) Text(m Minute) string {
	switch {
	case st.times:
		return m.Time().In(st.zone).Format(time.RFC3339)
	case st.seconds:
		return strconv.FormatInt(int64(m)*60, 10)
	}
	return strconv.FormatInt(int64(m), 10)
}

// secondsFrom is where integers can only be seconds since 1970: as minutes they would lie in the year 3871.
const secondsFrom = 1_000_000_000

// parse reads a minute; the first row decides the form of all others.
func (st *Stamp) parse(field []byte, first bool) (Minute, error) {
	n, err := strconv.ParseInt(string(field), 10, 64)
	if err != nil {
		return st.parseTime(string(field), first)
	}
	if first {
		st.seconds = n >= secondsFrom
	}
	switch {
	case st.times:
		return 0, fmt.Errorf("minute %q is a number, but the first row has a time", field)
	case n < 0 || n >= 1000*secondsFrom || !st.seconds && n >= secondsFrom:
		return 0, fmt.Errorf("minute %q is out of range: write minutes since 1970, an index from 0, or a time such as 2026-11-25T08:00:00Z", field)
	case st.seconds:
		return Minute(n / 60), nil
	}
	return Minute(n), nil
}

func (st *Stamp) parseTime(field string, first bool) (Minute, error) {
	t, err := time.Parse(time.RFC3339, field)
	if err != nil {
		return 0, fmt.Errorf("minute %q is neither a whole number nor a time such as 2026-11-25T08:00:00Z", field)
	}
	if first {
		st.times, st.zone = true, t.Location()
	}
	if !st.times {
		return 0, fmt.Errorf("minute %q is a time, but the first row has a number", field)
	}
	return MinuteOf(t), nil
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
	m, err := st.parse(fields[0], first)
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
