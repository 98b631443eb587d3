package triage_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"applylens/internal/mail"
	"applylens/internal/triage"
	"applylens/internal/triage/corpus"
)

// measured are the kinds of facts that are labelled, in the order of the table. Links are not: which of several a
// person would follow is no fact.
var measured = []string{"company", "role", "requisition", "person", "date", "deadline", "interview_time", "location", "amount", "phone"}

// A labelledMail is a mail of the corpus with its facts as a person reads them.
type labelledMail struct {
	name  string
	mail  *mail.Message
	facts []triage.Fact
}

// labelledFacts reads a label file: a line "file | subject | time" for each mail, then its facts, then a blank line.
func labelledFacts(t *testing.T, name string) (all []labelledMail) {
	t.Helper()
	mails, err := corpus.Read(os.DirFS("corpus"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var l labelledMail
		for line := range strings.SplitSeq(strings.TrimSpace(block), "\n") {
			if strings.HasPrefix(line, "#") {
				continue
			}
			if l.mail == nil {
				l.name = line
				if l.mail = corpusMail(t, mails, strings.Split(line, " | ")); l.mail == nil {
					t.Errorf("%s: the corpus has no %q any more", name, line)
					break
				}
				continue
			}
			kind, value, ok := strings.Cut(line, ": ")
			if !ok || !slices.Contains(measured, kind) {
				t.Fatalf("%s: %q is no fact", name, line)
			}
			l.facts = append(l.facts, triage.Fact{Kind: kind, Value: value})
		}
		if l.mail != nil {
			all = append(all, l)
		}
	}
	return all
}

func corpusMail(t *testing.T, mails []corpus.Mail, head []string) *mail.Message {
	t.Helper()
	if len(head) < 3 {
		t.Fatalf("%q names no mail", head)
	}
	when, err := time.Parse(time.RFC3339, head[len(head)-1])
	if err != nil {
		t.Fatal(err)
	}
	subject := strings.Join(head[1:len(head)-1], " | ")
	for _, m := range mails {
		if m.File != head[0] {
			continue
		}
		if p := mail.Parse(m.Raw); p.Subject == subject {
			p.Date = when
			return p
		}
	}
	return nil
}

// A tally counts the facts of a kind.
type tally struct{ right, wrong, missed int }

func (c tally) precision() float64 { return float64(c.right) / float64(max(1, c.right+c.wrong)) }
func (c tally) recall() float64    { return float64(c.right) / float64(max(1, c.right+c.missed)) }

// count compares what is found with what is labelled. Names count when one holds the other whole, as "Corvane" and
// "Corvane Chemicals" do; all else must be equal.
func count(t *testing.T, mails []labelledMail) map[string]tally {
	counts := map[string]tally{}
	for _, l := range mails {
		found := triage.Judge(triage.Input{Mail: l.mail, Now: l.mail.Date}).Facts
		var errors []string
		for _, kind := range measured {
			c := counts[kind]
			left := slices.DeleteFunc(slices.Clone(l.facts), func(f triage.Fact) bool { return f.Kind != kind })
			for _, f := range found {
				if f.Kind != kind {
					continue
				}
				if f.End > f.Start && (f.End > len(l.mail.VisibleText) || f.Start < 0) {
					t.Errorf("%s: the span of %v is outside of the text", l.name, f)
				}
				i := slices.IndexFunc(left, func(want triage.Fact) bool { return same(kind, f.Value, want.Value) })
				if i < 0 {
					c.wrong++
					errors = append(errors, fmt.Sprintf("wrong %s %q", kind, f.Value))
					continue
				}
				c.right++
				left = slices.Delete(left, i, i+1)
			}
			c.missed += len(left)
			for _, f := range left {
				errors = append(errors, fmt.Sprintf("missed %s %q", kind, f.Value))
			}
			counts[kind] = c
		}
		if len(errors) > 0 {
			t.Logf("%s: %s", l.name, strings.Join(errors, ", "))
		}
	}
	return counts
}

func same(kind, got, want string) bool {
	switch kind {
	case "company", "person", "role":
		plain := strings.NewReplacer(",", "", ".", "")
		a, b := plain.Replace(strings.ToLower(got)), plain.Replace(strings.ToLower(want))
		return a == b || strings.HasPrefix(b, a+" ") || strings.HasPrefix(a, b+" ") || strings.HasSuffix(b, " "+a) || strings.HasSuffix(a, " "+b)
	case "interview_time":
		a, err1 := time.Parse(time.RFC3339, got)
		b, err2 := time.Parse(time.RFC3339, want)
		return err1 == nil && err2 == nil && a.Equal(b)
	}
	return got == want
}

func table(counts map[string]tally) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-15s %6s %6s %7s %10s %7s\n", "fact", "right", "wrong", "missed", "precision", "recall")
	for _, kind := range measured {
		c := counts[kind]
		fmt.Fprintf(&b, "%-15s %6d %6d %7d %10.3f %7.3f\n", kind, c.right, c.wrong, c.missed, c.precision(), c.recall())
	}
	return b.String()
}

// TestFacts holds the extraction to its figures. It was mended while looking at these mails; docs/triage.md tells what
// it had right on the first look.
func TestFacts(t *testing.T) {
	mails := labelledFacts(t, "testdata/facts.txt")
	if len(mails) < 150 {
		t.Fatalf("only %d labelled mails", len(mails))
	}
	counts := count(t, mails)
	t.Log(table(counts))
	for kind, bar := range map[string]struct{ precision, recall float64 }{
		"company": {.97, .80}, "role": {.97, .85}, "requisition": {.97, .85}, "person": {.96, .90}, "date": {.97, .95}, "deadline": {.94, .92},
		"interview_time": {.88, .82}, "location": {.95, .90}, "amount": {.97, .92}, "phone": {.95, .85},
	} {
		c := counts[kind]
		if c.precision() < bar.precision || c.recall() < bar.recall {
			t.Errorf("%s: precision %.3f, recall %.3f, want %.2f and %.2f", kind, c.precision(), c.recall(), bar.precision, bar.recall)
		}
	}
}

// TestFactsOfCalendar: what the invitation says needs no text.
func TestFactsOfCalendar(t *testing.T) {
	raw := "From: Acme Hiring Team <no-reply@us.greenhouse-mail.io>\nTo: me@example.com\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nSubject: Interview with Acme\n" +
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nYour interview for the role of Data Engineer is confirmed.\n" +
		"--b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20260310T143000\n" +
		"DTEND;TZID=Europe/Berlin:20260310T151500\nSUMMARY:Interview\nLOCATION:Torstr. 1\\, Berlin\nEND:VEVENT\nEND:VCALENDAR\n--b--\n"
	got := map[string]string{}
	for _, f := range triage.Judge(triage.Input{Mail: mail.Parse([]byte(strings.ReplaceAll(raw, "\n", "\r\n")))}).Facts {
		got[f.Kind] = f.Value
	}
	for kind, want := range map[string]string{"interview_time": "2026-03-10T14:30:00+01:00", "location": "Torstr. 1, Berlin", "company": "Acme", "role": "Data Engineer"} {
		if got[kind] != want {
			t.Errorf("%s is %q, want %q of %v", kind, got[kind], want, got)
		}
	}
}

// TestDontAsk: a sentence that forbids an answer asks for none.
func TestDontAsk(t *testing.T) {
	for sentence, want := range map[string]bool{"Don't ask.": false, "Please don't reply to this mail.": false, "Do not answer.": false,
		"Could you call me tomorrow?": true, "Why don't you ask your boss and tell me?": true} {
		raw := "From: Ann <ann@example.org>\r\nTo: me@example.com\r\nSubject: Hi\r\n\r\nHi Bob,\r\n\r\nThe train was late. " + sentence + "\r\n\r\nAnn\r\n"
		if v := triage.Judge(triage.Input{Mail: mail.Parse([]byte(raw))}); v.NeedsReply != want {
			t.Errorf("%q: needs a reply: %v (%q)", sentence, v.NeedsReply, v.ReplySentence)
		}
	}
}
