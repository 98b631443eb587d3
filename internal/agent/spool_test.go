package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"applylens/internal/ingest"
	"applylens/internal/triage"
)

func testSpool(t *testing.T) *spool {
	t.Helper()
	s, err := openSpool(t.TempDir(), func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s
}

// gather returns a send that keeps what it is given.
func gather(to *[]string) func([][]byte) error {
	return func(records [][]byte) error {
		for _, r := range records {
			*to = append(*to, string(r))
		}
		return nil
	}
}

func TestSpoolKeepsOrderAndWaitsForPostgres(t *testing.T) {
	s := testSpool(t)
	gone := errors.New("gone")
	var want, got []string
	for round := range 5 {
		for i := range 100 {
			record := fmt.Sprintf(`{"n":"%d.%d %s"}`, round, i, strings.Repeat("x", i*1000))
			s.append([]byte(record))
			want = append(want, record)
		}
		if err := s.drain(func([][]byte) error { return gone }); !errors.Is(err, gone) {
			t.Fatalf("drained without Postgres: %v", err)
		}
	}
	if waiting, dropped, _ := s.state(); waiting != 500 || dropped != 0 {
		t.Errorf("%d wait, %d dropped", waiting, dropped)
	}
	if err := s.drain(gather(&got)); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d records came of %d, or in another order", len(got), len(want))
	}
	if waiting, _, _ := s.state(); waiting != 0 || s.active.size != 0 || s.resting.size != 0 {
		t.Errorf("%d still wait", waiting)
	}
}

// TestSpoolOnAFullDisk: records wait in memory, then are dropped and counted; nothing blocks.
func TestSpoolOnAFullDisk(t *testing.T) {
	s := testSpool(t)
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	whole := s.active.file
	s.active.file = full
	record := []byte(strings.Repeat("x", 1<<20))
	for range 20 {
		s.append(record)
	}
	waiting, dropped, trouble := s.state()
	if waiting != 16 || dropped != 4 || trouble == nil {
		t.Errorf("%d wait, %d dropped, trouble %v", waiting, dropped, trouble)
	}
	var got []string
	if err := s.drain(gather(&got)); err != nil || len(got) != 16 {
		t.Errorf("%d records sent, %v", len(got), err)
	}
	s.active.file = whole
	s.append(record)
	if _, _, trouble := s.state(); trouble != nil {
		t.Errorf("the disk has room again, and the trouble stays: %v", trouble)
	}
}

// TestSpoolSkipsWhatIsBroken: a torn tail and a flipped byte cost only their own record.
func TestSpoolSkipsWhatIsBroken(t *testing.T) {
	s := testSpool(t)
	for i := range 3 {
		s.append(fmt.Appendf(nil, `{"n":%d}`, i))
	}
	text, err := os.ReadFile(s.active.path)
	if err != nil {
		t.Fatal(err)
	}
	text[strings.Index(string(text), `{"n":1}`)+5] = '7'
	text = append(text, "1234abcd {\"n\":"...)
	path := filepath.Join(s.dir, "dead"+spoolEnd)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := s.adopt(gather(&got)); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, " ") != `{"n":0} {"n":2}` {
		t.Errorf("adopted %v", got)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dead process's file is still there: %v", err)
	}
}

// BenchmarkRecord measures what the record of a run costs its agent: one of a search, and one of a chunk of 400 mails.
func BenchmarkRecord(b *testing.B) {
	chunk := make([]ingest.Judged, 400)
	for i := range chunk {
		chunk[i].Verdict = triage.Verdict{Category: triage.ApplicationConfirmation, Priority: triage.Normal, NeedsReview: i%7 == 0}
	}
	for name, judged := range map[string][]ingest.Judged{"search": nil, "chunk": chunk} {
		b.Run(name, func(b *testing.B) {
			s, err := openSpool(b.TempDir(), func(string) error { return nil })
			if err != nil {
				b.Fatal(err)
			}
			r := &Runtime{spool: s}
			run := &Run{ID: newID(), ask: Ask{Agent: Search(), UserID: 7, Trigger: Person}, detail: map[string]any{"mode": "postgres word index", "hits": 20}}
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if judged != nil {
					run.note(judged)
				}
				rec, _ := run.end(context.Background(), nil, "test", [32]byte{})
				r.keep(rec)
				took = append(took, time.Since(began))
				if s.active.size > maxSegment/2 {
					s.active.size = 0
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "p95-µs")
		})
	}
}

// TestVerdictsAreReadable: what is written by hand is what MailVerdict reads.
func TestVerdictsAreReadable(t *testing.T) {
	all := []ingest.Judged{{Identity: [32]byte{1, 2}, Verdict: triage.Verdict{Category: triage.Offer, Priority: triage.High, NeedsReview: true, Risk: triage.Risk{Score: 81}}},
		{Verdict: triage.Verdict{}}, {Identity: [32]byte{3}, Verdict: triage.Verdict{Category: triage.Other, Priority: triage.Low}}}
	run := &Run{ID: newID()}
	run.note(all)
	rec, _ := run.end(t.Context(), nil, "test", [32]byte{})
	line, err := rec.line()
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Output []MailVerdict }
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	want := MailVerdict{Mail: got.Output[0].Mail, Category: "offer", Priority: "high", Risk: 81, NeedsReview: true}
	if len(got.Output) != 2 || got.Output[0] != want || [32]byte(got.Output[0].Identity()) != all[0].Identity || got.Output[1].Category != "other" {
		t.Errorf("%+v", got.Output)
	}
}
