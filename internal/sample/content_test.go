package sample

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/htmlindex"
)

// A leaf is one part that is no multipart.
type leaf struct {
	media, charset string
	data           []byte // decoded from its transfer encoding
}

// walk reads the parts of a message strictly: every boundary, encoding and charset must be right.
func walk(t *testing.T, raw []byte) []leaf {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return walkPart(t, map[string][]string(msg.Header), msg.Body)
}

func walkPart(t *testing.T, head map[string][]string, body io.Reader) []leaf {
	t.Helper()
	get := mail.Header(head).Get
	media, params, err := mime.ParseMediaType(get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type %q: %v", get("Content-Type"), err)
	}
	if strings.HasPrefix(media, "multipart/") {
		var all []leaf
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return all
			}
			if err != nil {
				t.Fatalf("%v in %v", err, head)
			}
			all = append(all, walkPart(t, p.Header, p)...)
		}
	}
	switch strings.ToLower(get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("%v: %v", head, err)
	}
	return []leaf{{media, strings.ToLower(params["charset"]), data}}
}

// leaves returns the decoded text of the text parts and of forwarded messages.
func leaves(t *testing.T, raw []byte) []string {
	t.Helper()
	var all []string
	for _, l := range walk(t, raw) {
		if l.media == "message/rfc822" {
			all = append(all, leaves(t, l.data)...)
		}
		if !strings.HasPrefix(l.media, "text/") {
			continue
		}
		text := l.data
		if l.charset != "" && l.charset != "utf-8" {
			enc, err := htmlindex.Get(l.charset)
			if err != nil {
				t.Fatal(err)
			}
			if text, err = enc.NewDecoder().Bytes(text); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, string(text))
	}
	return all
}

func TestTruthCoversTheMailbox(t *testing.T) {
	truths := Truths()
	count, scams, replies := map[string]int{}, 0, 0
	for _, m := range parse(t, time.Now()) {
		tr, ok := truths[m.id]
		if ok == m.sent() {
			t.Errorf("%s: sent %v, in truth.tsv %v", m.id, m.sent(), ok)
		}
		delete(truths, m.id)
		if tr.Scam {
			scams++
			continue
		}
		count[tr.Category]++
		if tr.NeedsReply {
			replies++
		}
	}
	if len(truths) > 0 {
		t.Errorf("truths about no message: %v", truths)
	}
	delete(count, "")
	for category, min := range map[string]int{
		"application_confirmation": 8, "rejection": 8, "interview": 10, "assessment": 5, "offer": 3, "recruiter_outreach": 6,
		"employer_request": 6, "job_alert": 5, "personal": 12, "newsletter": 6, "promotion": 6, "receipt_bill": 8,
		"account_security": 6, "event_travel": 6, "notification": 8, "mailing_list": 4, "other": 2,
	} {
		if count[category] < min {
			t.Errorf("%d of category %s, want %d or more", count[category], category, min)
		}
		delete(count, category)
	}
	if len(count) > 0 {
		t.Errorf("unknown categories: %v", count)
	}
	if scams < 6 || replies < 25 {
		t.Errorf("%d scams and %d that need a reply, want 6 and 25 or more", scams, replies)
	}
}

func TestFormsOfMail(t *testing.T) {
	forms, labels := map[string]bool{}, map[string]bool{}
	for _, m := range Messages(time.Now()) {
		raw := strings.ToLower(string(m.Raw))
		for _, l := range m.Labels {
			labels[l] = true
		}
		for _, l := range walk(t, m.Raw) {
			forms[l.media], forms[l.charset] = true, true
			switch l.media {
			case "application/pdf":
				if !bytes.HasPrefix(l.data, []byte("%PDF-1.4")) || !bytes.HasSuffix(l.data, []byte("%%EOF\n")) {
					t.Errorf("not a PDF: %.20q", l.data)
				}
			case "image/png":
				if _, err := png.Decode(bytes.NewReader(l.data)); err != nil {
					t.Error(err)
				}
			case "text/calendar", "application/ics":
				if !bytes.HasPrefix(l.data, []byte("BEGIN:VCALENDAR\r\n")) || !bytes.Contains(l.data, []byte("\r\nEND:VCALENDAR")) {
					t.Errorf("not a calendar: %.40q", l.data)
				}
			}
		}
		for _, form := range []string{"multipart/related", "multipart/report", "content-transfer-encoding: base64",
			"content-transfer-encoding: quoted-printable", "list-id:", "content-id:", "=?utf-8?q?", "=?utf-8?b?",
			"dmarc=fail", "spf=fail", "@xn--", "list-unsubscribe-post:"} {
			forms[form] = forms[form] || strings.Contains(raw, form)
		}
	}
	for _, form := range []string{"text/plain", "text/html", "text/csv", "text/calendar", "message/rfc822", "application/pdf",
		"application/ics", "image/png", "iso-2022-jp", "iso-8859-1", "iso-8859-15", "windows-1252", "multipart/related",
		"multipart/report", "content-transfer-encoding: base64", "content-transfer-encoding: quoted-printable", "list-id:",
		"content-id:", "=?utf-8?q?", "=?utf-8?b?", "dmarc=fail", "spf=fail", "@xn--", "list-unsubscribe-post:"} {
		if !forms[form] {
			t.Errorf("no message with %s", form)
		}
	}
	for _, label := range []string{"INBOX", "UNREAD", "STARRED", "SENT", "SPAM", "TRASH", "Flat hunt"} {
		if !labels[label] {
			t.Errorf("no message with label %s", label)
		}
	}
}

func TestNoTwoBodiesAlike(t *testing.T) {
	seen := map[[32]byte]int{}
	for i, m := range Messages(time.Now()) {
		text := strings.Join(leaves(t, m.Raw), "")
		if len(strings.TrimSpace(text)) < 15 {
			t.Errorf("message %d has hardly any text: %q", i, text)
		}
		sum := sha256.Sum256([]byte(text))
		if j, ok := seen[sum]; ok {
			t.Errorf("messages %d and %d have the same text", j, i)
		}
		seen[sum] = i
	}
}

func TestClock(t *testing.T) {
	saturday := time.Date(2026, 3, 7, 9, 30, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"{{day -1b}}":         "Friday 6 March",
		"{{day +1b}}":         "Monday 9 March",
		"{{day -6b}}":         "Friday 27 February",
		"{{iso -7d}}":         "2026-02-28",
		"{{ics +2b 14:00}}":   "20260310T140000Z",
		"{{when -1b 09:14}}":  "Fri, 6 Mar 2026 at 09:14",
		"{{date -90m}}":       "Sat, 07 Mar 2026 08:00:00 +0000",
		"{{de -1b}}":          "Freitag, 6. März",
		"{{fr -1b}}":          "vendredi 6 mars",
		"{{es -7d}}":          "sábado 28 de febrero",
		"{{ja -1b}}":          "3月6日(金)",
		"{{clock -2h}} {{x}}": "07:30 {{x}}",
	} {
		if got, err := fillDates(in, saturday); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"{{day 3}}", "{{day -3y}}", "{{day -xd}}", "{{date -3d 25:00}}"} {
		if got, err := fillDates(in, saturday); err == nil {
			t.Errorf("%s: %q, want an error", in, got)
		}
	}
}

func TestBuildRefusesMistakes(t *testing.T) {
	head := []string{"Subject: x", "Message-ID: <x@example.com>", "Date: {{date -1d 10:00}}"}
	for name, lines := range map[string][]string{
		"text before the first part": {"Content-Type: multipart/mixed", "", "stray"},
		"unknown file":               {"Content-Type: application/pdf", "", "{{file nothing.pdf}}"},
		"unknown charset":            {`Content-Type: text/plain; charset="klingon"`, "", "x"},
		"letter outside the charset": {`Content-Type: text/plain; charset="iso-8859-1"`, "", "日"},
		"argument of gmail":          {"From: a@b.example", "{{gmail spin=pass}}", "", "x"},
		"trace without a sender":     {"{{gmail}}", "", "x"},
	} {
		src := source{labels: []string{"INBOX"}, lines: slices.Concat(head, lines)}
		if raw, err := build(src, time.Now()); err == nil {
			t.Errorf("%s: no error, but %q", name, raw)
		}
	}
}
