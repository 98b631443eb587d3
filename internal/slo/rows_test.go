package slo

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestRowsInEveryForm(t *testing.T) {
	for name, x := range map[string]struct{ rows, second string }{
		"minutes":    {"29399040,9,10\n29399042,1,1\n", "29399042"},
		"index":      {"0,9,10\n2,1,1", "2"},
		"seconds":    {"1763942400,9,10\n1763942520,1,1", "1763942520"},
		"times":      {"minute,good,total\r\n2026-11-25T08:00:00Z,9,10\r\n2026-11-25T08:02:30Z,1,1\r\n", `"2026-11-25T08:02:30Z"`},
		"offset":     {"2026-11-25T08:00:00+00:00,9,10\n2026-11-25T08:02:00+00:00,1,1\n", `"2026-11-25T08:02:00+00:00"`},
		"space":      {"2026-11-25 08:00:00Z,9,10\n2026-11-25 08:02:00Z,1,1\n", `"2026-11-25 08:02:00Z"`},
		"odd second": {"1763942401,9,10\n1763942521,1,1", "1763942521"},
		"zone":       {"\xef\xbb\xbfMinute, Good, Total\n2026-11-25T08:00:00+01:00,9,10\n\n2026-11-25T08:02:00+01:00,1,1", `"2026-11-25T08:02:00+01:00"`},
		"with quote": {`"0","9","10"` + "\n 2 , 1 , 1 \n", "2"},
	} {
		s, st, err := ReadRows(strings.NewReader(x.rows), 9900)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := s.Over(s.Last(), 3); s.Len() != 3 || got.Total != 11 || got.Measured != 2 {
			t.Errorf("%s: %d minutes, %+v", name, s.Len(), got)
		}
		if gap := st.JSON(s.Last() - 1); !json.Valid(gap) {
			t.Errorf("%s: a minute without a row is written %s", name, gap)
		}
		if got := string(st.JSON(s.Last())); got != x.second {
			t.Errorf("%s: the last minute is written %s, want %s", name, got, x.second)
		}
	}
}

func TestBadRowsAreNamed(t *testing.T) {
	for rows, want := range map[string]string{
		"":                    "there are no rows",
		"minute,good,total\n": "there are no rows",
		"1,2":                 "line 1: 2 fields, want three",
		"1,2,3\n2,4,3":        "line 2: good is 4 of a total of 3",
		"2,1,1\n1,1,1":        "line 2: minute 1 comes after minute 2",
		"2,1,1\n2,1,1":        "line 2: minute 2 comes twice",
		"2026-11-25T08:00:00Z,1,1\n2026-11-25T08:00:59Z,1,1": "line 2: minute 2026-11-25T08:00:59Z comes twice",
		"noon,1,1":                        `minute "noon" is neither`,
		"1.5,1,1":                         `minute "1.5" is neither`,
		"-1,1,1":                          `minute "-1" is out of range`,
		"1,x,1":                           `good "x" is no whole number`,
		"1,1,-1":                          `total "-1" is no whole number`,
		"1,1,99999999999":                 "is no whole number from 0",
		"1,1,1\n2026-11-25T08:00:00Z,1,1": "is a time, but the first row has a number",
		"2026-11-25T08:00:00Z,1,1\n1,1,1": "is a number, but the first row has a time",
		"0,1,1\n999999999,1,1":            "more than four years",
		"PK\x03\x04" + strings.Repeat("x", 2<<20): "line 1:",
	} {
		_, _, err := ReadRows(strings.NewReader(rows), 9900)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", rows, err, want)
		}
	}
}

// TestNinetyDays: a quarter is replayed in well under a second.
func TestNinetyDays(t *testing.T) {
	var rows strings.Builder
	for m := range 90 * day {
		fmt.Fprintf(&rows, "%d,%d,700\n", m, 700-m%7)
	}
	began := time.Now()
	s, _, err := ReadRows(strings.NewReader(rows.String()), 9900)
	if err != nil {
		t.Fatal(err)
	}
	changes := Rules{Period: Days(30), HardDown: true}.Replay(s)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("90 days took %v", took)
	} else {
		t.Logf("90 days: %d changes in %v", len(changes), took)
	}
}

func FuzzReadRows(f *testing.F) {
	f.Add("0,9,10\n2,1,1")
	f.Add("minute,good,total\n2026-11-25T08:00:00+01:00,9,10")
	f.Add("1763942400,9,10")
	f.Fuzz(func(t *testing.T, rows string) {
		s, st, err := ReadRows(strings.NewReader(rows), 9900)
		if err != nil || s.Len() > 1000 {
			return
		}
		sums := s.Over(s.Last(), int64(s.Len()))
		if sums.Good > sums.Total || sums.Measured < 1 || sums.Broken != 0 {
			t.Errorf("%+v", sums)
		}
		text := st.Text(s.First())
		again, _, err := ReadRows(strings.NewReader(text+",1,1"), 9900)
		if err != nil || again.First() != s.First() {
			t.Errorf("minute %s is not read again: %v", text, err)
		}
		Rules{Period: Days(30), HardDown: true}.Replay(s)
	})
}
