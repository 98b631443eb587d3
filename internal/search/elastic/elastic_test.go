package elastic_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"iter"
	"log/slog"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/ingest"
	"applylens/internal/sample"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
	"applylens/internal/search/elastictest"
)

// now is the clock of the tests' mail and queries.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// A world is a database with the indices that belong to it.
type world struct {
	db       *db.DB
	server   *elastictest.Server
	ingest   *ingest.Ingest
	filler   *elastic.Filler
	client   *elastic.Client
	postgres *search.Postgres
	elastic  *elastic.Engine
}

// newWorld makes indices of its own for a database.
func newWorld(t testing.TB, d *db.DB, server *elastictest.Server) *world {
	t.Helper()
	store, err := blobs.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var name [5]byte
	_, _ = rand.Read(name[:])
	client, err := elastic.Open(server.URL, "t"+hex.EncodeToString(name[:]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Drop(context.WithoutCancel(t.Context())) }) // the server may be gone
	log := slog.New(slog.DiscardHandler)
	w := &world{db: d, server: server, client: client, postgres: &search.Postgres{},
		ingest: &ingest.Ingest{DB: d, Blobs: store, Log: log, Now: func() time.Time { return now }}}
	w.elastic = &elastic.Engine{Client: client, Rows: w.postgres}
	w.filler = &elastic.Filler{DB: d, Client: client, Log: log, Now: time.Now, Words: w.ingest.Lexemes}
	return w
}

func (w *world) importMails(t testing.TB, user int64, source iter.Seq2[ingest.Raw, error]) {
	t.Helper()
	counts, err := w.ingest.Run(t.Context(), ingest.Mailbox{UserID: user, Addresses: []string{sample.Owner}}, source, func(_ ingest.Counts, err error) {
		if err != nil {
			t.Log(err)
		}
	})
	if err != nil || counts.Failed > 0 {
		t.Fatal(counts, err)
	}
}

// begin makes a generation, fills it and puts it live.
func (w *world) begin(t testing.TB) int32 {
	t.Helper()
	generation, err := w.filler.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.drain(t)
	if err := w.filler.Swap(t.Context(), generation); err != nil {
		t.Fatal(err)
	}
	w.refresh(t)
	return generation
}

func (w *world) drain(t testing.TB) {
	t.Helper()
	for {
		n, err := w.filler.Drain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func (w *world) refresh(t testing.TB) {
	t.Helper()
	if err := w.client.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// samples is the sample mailbox.
func samples(yield func(ingest.Raw, error) bool) {
	for _, m := range sample.Messages(now) {
		if !yield(ingest.Raw{Source: "sample", Bytes: m.Raw, Labels: m.Labels}, nil) {
			return
		}
	}
}

// words of made-up mail: with stems that meet, accents, other scripts, numbers, names.
var words = strings.Fields(`offer offers offered interview interviews interviewing résumé resume naïve Zürich café data engineer engineers
engineering application applied invoice invoices meeting tomorrow today Monday deadline salary €55,000 42 2026 C++ c# e-mail email
https://careers.example.org/jobs/42?x=1 drive.google.com/file/d/1 youtu.be/abc anna.smith@mail.example.com don't John's O'Neil 面接 求人
東京 Straße strasse ΑΘΗΝΑ αθηνα Москва москва position positions positioned kind regards thank thanks code review reviews the a of and to`)

var people = []string{"Anna Smith <anna@mail.acme.example>", "Bob Jones <bob@acme.example>", "Globex Careers <jobs@globex.example>", "José Núñez <jose@nunez.example>",
	"no-reply@news.letters.example", "Robin Avery <" + sample.Owner + ">"}

// madeUp are n mails of all kinds, the same at every call.
func madeUp(n int) iter.Seq2[ingest.Raw, error] {
	return func(yield func(ingest.Raw, error) bool) {
		r := mathrand.New(mathrand.NewPCG(7, 7))
		pick := func(all []string) string { return all[r.IntN(len(all))] }
		text := func(n int) string {
			var b strings.Builder
			for i := range n {
				b.WriteString(pick(words))
				b.WriteString([]string{" ", " ", " ", ", ", ".\n"}[r.IntN(5)])
				if i%40 == 39 {
					b.WriteString("\n")
				}
			}
			return b.String()
		}
		for i := range n {
			at := now.Add(-time.Duration(r.IntN(300*24*60)) * time.Minute)
			if i%97 == 0 {
				at = time.Date(1999, 5, i%28+1, 3, 0, 0, 0, time.UTC)
			}
			var b strings.Builder
			fmt.Fprintf(&b, "From: %s\nTo: %s\nMessage-ID: <made-%d@up.example>\nDate: %s\nSubject: %s\nMIME-Version: 1.0\n", pick(people), pick(people), i,
				at.Format(time.RFC1123Z), strings.ReplaceAll(text(1+r.IntN(7)), "\n", " "))
			for _, h := range []string{"Cc: " + pick(people), "Reply-To: " + pick(people), "List-Id: <jobs.letters.example>", "Delivered-To: robin+jobs@example.com"} {
				if r.IntN(3) == 0 {
					b.WriteString(h + "\n")
				}
			}
			attach(&b, r, text(3+r.IntN(120)))
			labels := [][]string{{"INBOX"}, {"INBOX", "UNREAD"}, {"INBOX", "STARRED"}, {}, {"SPAM"}, {"TRASH"}, {"INBOX", "Job hunt/2026"}, {"Work Notes", "INBOX"}}[r.IntN(8)]
			if !yield(ingest.Raw{Source: fmt.Sprint("made up ", i), Bytes: []byte(strings.ReplaceAll(b.String(), "\n", "\r\n")), Labels: labels}, nil) {
				return
			}
		}
	}
}

func attach(b *strings.Builder, r *mathrand.Rand, body string) {
	name := []string{"", "", "", "", "cv.pdf", "photo.JPG", "report.docx", "sheet.xlsx", "talk.pptx", "notes.txt", "data.zip"}[r.IntN(11)]
	if name == "" {
		b.WriteString("Content-Type: text/plain; charset=utf-8\n\n" + body)
		return
	}
	inline := "attachment"
	if r.IntN(4) == 0 {
		inline = "inline"
	}
	fmt.Fprintf(b, "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n%s\n--b\nContent-Type: application/octet-stream; name=%q\nContent-Disposition: %s; filename=%q\nContent-Id: <x>\n\n%s\n--b--\n",
		body, name, inline, name, strings.Repeat("x", r.IntN(3000)))
}

func newDB(t testing.TB) (*db.DB, int64) {
	t.Helper()
	d := dbtest.Fresh(t)
	return d, dbtest.User(t, d, sample.Owner)
}
