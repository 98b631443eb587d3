package triage_test

import (
	"testing"

	"applylens/internal/mail"
	"applylens/internal/triage"
)

// FuzzJudge holds that no mail breaks the judgement and that every span lies inside the visible text.
func FuzzJudge(f *testing.F) {
	f.Add([]byte("From: a@b.example\nSubject: =?utf-8?q?Vorstellungsgespr=C3=A4ch?=\n\nam 12.03. um 14 Uhr, 72.000 €, +49 30 123456?"))
	f.Add([]byte("Content-Type: text/html\n\n<a href='http://a@1.2.3.4/x'>https://paypal.com</a><form><input type=password>"))
	f.Add([]byte("Subject: Re: offer\nReferences: <x@y>\n\nWe are pleased to offer you the position of X at Y Ltd by 31 February 2026\n> unfortunately"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := mail.Parse(raw)
		v := triage.Judge(triage.Input{Mail: m, Thread: []string{string(raw)}})
		for _, x := range v.Facts {
			if x.Start < 0 || x.End < x.Start || x.End > len(m.VisibleText) {
				t.Fatalf("fact %+v outside of %d bytes", x, len(m.VisibleText))
			}
		}
		for _, x := range v.Why {
			if x.Start < 0 || x.End < x.Start || x.End > len(m.VisibleText) {
				t.Fatalf("reason %+v outside of %d bytes", x, len(m.VisibleText))
			}
		}
	})
}
