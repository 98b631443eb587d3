package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/embed"
)

// topics is an encoder whose vectors tell which of a few topics a text is about.
type topics struct {
	id    string
	asked int
	fail  error
}

var topicWords = [...]string{"salary pay remuneration invoice eur", "interview meet talk monday", "rejected unfortunately candidates", "engineer data lake position",
	"lunch", "train", "garden", "cat"}

func (e *topics) ID() string { return e.id }

func (e *topics) vector(text string) []float32 {
	v := make([]float32, 16)
	for _, w := range strings.Fields(strings.ToLower(text)) {
		for i, words := range topicWords {
			if slices.Contains(strings.Fields(words), strings.Trim(w, ".,?:")) {
				v[i]++
			}
		}
	}
	v[15] = 0.5 // what all texts have in common
	return embed.Normalise(v)
}

func (e *topics) Query(_ context.Context, text string) ([]float32, error) {
	e.asked++
	return e.vector(text), e.fail
}

func (e *topics) Passages(_ context.Context, texts []string) (all [][]float32, err error) {
	for _, text := range texts {
		all = append(all, e.vector(text))
	}
	return all, e.fail
}

// sensible makes a sense of encoders by name.
func sensible(t testing.TB, model string, encoders ...*topics) *Sense {
	t.Helper()
	s := &Sense{Model: model, Now: time.Now, Open: func(_ context.Context, model string) (Encoder, error) {
		for _, e := range encoders {
			if e.id == model {
				return e, nil
			}
		}
		return nil, errors.New("no such model")
	}}
	if _, err := s.Encoder(t.Context(), model); err != nil {
		t.Fatal(err)
	}
	return s
}

// meaningful is filled, with more mail: of lunch, which is the most, and some that is found by its meaning.
func meaningful(t testing.TB, d *db.DB) (me int64) {
	t.Helper()
	me = filled(t, d)
	for i := range 40 {
		insert(t, d, me, fixture{name: fmt.Sprintf("lunch%d", i), subject: "Noon", from: "Eve <eve@acme.example>", to: "me@example.com",
			body: fmt.Sprintf("Lunch at the %d?", i), days: 100 + i, category: "personal"})
	}
	insert(t, d, me, fixture{name: "wage", subject: "About Friday", from: "hr@acme.example", to: "me@example.com", body: "The remuneration. Pay.", days: 7, category: "personal"})
	insert(t, d, me, fixture{name: "bonus", subject: "More", from: "boss@globex.example", to: "me@example.com", body: "Remuneration remuneration", days: 8, category: "other"})
	insert(t, d, me, fixture{name: "junk", subject: "More", from: "boss@scam.example", to: "me@example.com", body: "Remuneration pay", days: 8, place: "spam", category: "other"})
	insert(t, d, me, fixture{name: "empty", subject: "Only a subject", from: "boss@globex.example", to: "me@example.com", body: " — ", days: 9, category: "other"})
	other, err := d.UserFind(t.Context(), "other@example.com")
	if err != nil {
		t.Fatal(err)
	}
	insert(t, d, other, fixture{name: "foreign-wage", subject: "x", from: "x@y.example", to: "other@example.com", body: "remuneration pay"})
	for _, user := range []int64{me, other} {
		exec(t, d.Owner(user), "update emails set thread_id = id where user_id = $1", user)
	}
	return me
}

func fill(t testing.TB, s *Sense, d *db.DB, user int64) int {
	t.Helper()
	done, complete, err := s.Fill(t.Context(), d, user, 0, func(int, int) {})
	if err != nil || !complete {
		t.Fatalf("after %d vectors, complete %v: %v", done, complete, err)
	}
	return done
}

func ask(t testing.TB, p *Postgres, d *db.DB, user int64, query string) Result {
	t.Helper()
	r, err := p.Search(t.Context(), d.Owner(user), Parse(query, clock(t)), Request{UserID: user, Me: []string{"me@example.com"}, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSearchByMeaning(t *testing.T) {
	d := dbtest.New(t)
	me := meaningful(t, d)
	s := sensible(t, "one", &topics{id: "one"})
	p := &Postgres{Sense: s}
	if r := ask(t, p, d, me, "salary"); len(r.Hits) != 0 || r.Mode != "postgres word index alone (no mail has a vector yet)" || r.Meaning != 0 {
		t.Errorf("without vectors %q finds %s", r.Mode, names(r))
	}
	if n := fill(t, s, d, me); n != 52 {
		t.Errorf("%d vectors were made", n)
	}
	if n := fill(t, s, d, me); n != 0 {
		t.Errorf("%d vectors were made again", n)
	}
	other, _ := d.UserFind(t.Context(), "other@example.com")
	fill(t, s, d, other)
	for query, want := range map[string]string{
		"salary":                              "bonus old wage", // none has the word
		"-remuneration salary":                "old",
		"salary from:acme.example":            "wage",
		"salary category:other":               "bonus",
		"salary in:anywhere":                  "bonus junk old wage",
		"salary in:spam":                      "junk",
		`"salary"`:                            "", // a phrase is meant word by word
		"salar*":                              "", // and so is a beginning
		"subject:salary":                      "",
		`~"remuneration"`:                     "bonus old wage",
		`~"remuneration" before:100d`:         "old",
		`~"remuneration" pay`:                 "wage",
		`-~"remuneration" -category:personal`: "empty news offer reject talk",
		`~"remuneration" OR from:bob`:         "bonus old talk wage",
		"in:spam":                             "junk spam",
	} {
		r := ask(t, p, d, me, query)
		if got := names(r); got != want {
			t.Errorf("%q finds %q, want %q (%v)", query, got, want, r.Warnings)
		}
	}
	r := ask(t, p, d, me, "salary")
	if r.Mode != "postgres word index and meaning" || r.Meaning != 1 || r.Total != 0 || r.Near != 3 || !r.Ranked || !strings.Contains(r.Warnings[0].Msg, "3 mails without these words") {
		t.Errorf("%+v", r)
	}
	if r := ask(t, p, d, me, `~"remuneration"`); r.Total != 3 || !r.Ranked {
		t.Errorf("%d in all, ranked %v", r.Total, r.Ranked)
	}
	if r := ask(t, p, d, me, "from:acme.example"); r.Mode != "postgres word index" || r.Ranked {
		t.Errorf("a filter is answered by %q, ranked %v", r.Mode, r.Ranked)
	}
	if r := ask(t, p, d, me, "offer"); r.Hits[0].Subject != "Your job offer" {
		t.Errorf("first for its words: %q", r.Hits[0].Subject)
	}
	ids, warnings, err := p.IDs(t.Context(), d.Owner(me), Parse(`~"remuneration"`, clock(t)), Request{UserID: me}, 10)
	if err != nil || len(ids) != 3 || len(warnings) != 0 {
		t.Errorf("acting on %d mails, %v, %v", len(ids), warnings, err)
	}
}

func TestLike(t *testing.T) {
	d := dbtest.New(t)
	me := meaningful(t, d)
	s := sensible(t, "one", &topics{id: "one"})
	p := &Postgres{Sense: s}
	fill(t, s, d, me)
	wage := ask(t, p, d, me, "wage remuneration pay").Hits[0]
	if got := names(ask(t, p, d, me, fmt.Sprintf("like:%d", wage.ThreadID))); got != "bonus old" {
		t.Errorf("like the wage are %q", got)
	}
	if got := names(ask(t, p, d, me, fmt.Sprintf("like:%d from:shop.example", wage.ThreadID))); got != "old" {
		t.Errorf("like the wage from the shop are %q", got)
	}
	other, _ := d.UserFind(t.Context(), "other@example.com")
	fill(t, s, d, other)
	foreign := ask(t, p, d, other, "remuneration").Hits[0]
	for _, query := range []string{fmt.Sprintf("like:%d", foreign.ThreadID), "like:99999999999", "like:me"} {
		if r := ask(t, p, d, me, query); len(r.Hits) != 0 || len(r.Warnings) != 1 {
			t.Errorf("%s finds %q, and says %v", query, names(r), r.Warnings)
		}
	}
}

// Mail that comes later is found once it has a vector; what has none meanwhile is told. Deleted mail is not found.
func TestVectorsFollowTheMail(t *testing.T) {
	d := dbtest.New(t)
	me := meaningful(t, d)
	s := sensible(t, "one", &topics{id: "one"})
	p := &Postgres{Sense: s}
	fill(t, s, d, me)
	ask(t, p, d, me, "salary")
	insert(t, d, me, fixture{name: "late", subject: "News", from: "hr@acme.example", to: "me@example.com", body: "Your salary", days: 1, category: "other"})
	r := ask(t, p, d, me, "salary")
	if !strings.Contains(r.Mode, "1 % of the mail has no vector yet") || r.Meaning <= .9 || r.Meaning >= 1 || names(r) != "bonus late old wage" {
		t.Errorf("%q, %v: %q", r.Mode, r.Meaning, names(r))
	}
	if n := fill(t, s, d, me); n != 1 {
		t.Errorf("%d vectors were made", n)
	}
	if r = ask(t, p, d, me, `~"salary"`); r.Meaning != 1 || names(r) != "bonus late old wage" {
		t.Errorf("%q, %v: %q", r.Mode, r.Meaning, names(r))
	}
	q := d.As(me)
	wage := ask(t, p, d, me, "from:hr@acme.example remuneration").Hits[0].ID
	if err := q.EmailDelete(t.Context(), db.EmailDeleteParams{UserID: me, Ids: []int64{wage}}); err != nil {
		t.Fatal(err)
	}
	if err := Forget(t.Context(), q, me, []int64{wage}); err != nil {
		t.Fatal(err)
	}
	if got := names(ask(t, p, d, me, `~"salary"`)); got != "bonus late old" {
		t.Errorf("after a deletion %q", got)
	}
	var left int
	if err := d.Owner(me).QueryRow(t.Context(), "select count(*) from email_vectors where user_id = $1 and email_id = $2", me, wage).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d vectors of a deleted mail are left: %v", left, err)
	}
}

// While the vectors of another model are made, the old ones serve; then they are gone.
func TestChangeOfModel(t *testing.T) {
	d := dbtest.New(t)
	me := meaningful(t, d)
	one, two := &topics{id: "one"}, &topics{id: "two"}
	fill(t, sensible(t, "one", one), d, me)
	s := sensible(t, "two", one, two)
	if _, err := s.Encoder(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	p := &Postgres{Sense: s}
	_, complete, err := s.Fill(t.Context(), d, me, time.Nanosecond, func(int, int) {}) // one batch, which is all here
	if err != nil || complete {
		t.Fatalf("complete %v: %v", complete, err)
	}
	ask(t, p, d, me, "salary")
	if one.asked != 1 || two.asked != 0 {
		t.Errorf("meanwhile the old model was asked %d times, the new one %d", one.asked, two.asked)
	}
	fill(t, s, d, me)
	if got := names(ask(t, p, d, me, "salary")); got != "bonus old wage" || two.asked != 1 {
		t.Errorf("the new model was asked %d times, and %q found", two.asked, got)
	}
	sets, err := d.As(me).VectorSets(t.Context(), me)
	if err != nil || len(sets) != 1 || sets[0].Model != "two" {
		t.Errorf("left are %v: %v", sets, err)
	}
	ask(t, p, d, me, "salary")
	if two.asked != 1 {
		t.Error("a query was not remembered")
	}
	// With a model that cannot be opened any more, the vectors serve nobody, and that is said.
	lost := &Postgres{Sense: sensible(t, "three", &topics{id: "three"})}
	<-lost.Sense.open("two").done
	if r := ask(t, lost, d, me, "salary"); len(r.Hits) != 0 || r.Mode != "postgres word index alone (no mail has a vector yet)" {
		t.Errorf("%q finds %q", r.Mode, names(r))
	}
}

func TestMeaningThatFails(t *testing.T) {
	d := dbtest.New(t)
	me := meaningful(t, d)
	e := &topics{id: "one"}
	s := sensible(t, "one", e)
	fill(t, s, d, me)
	e.fail = errors.New("broken")
	p := &Postgres{Sense: s}
	if r := ask(t, p, d, me, "remuneration"); r.Mode != "postgres word index alone (the model cannot be used)" || names(r) != "bonus wage" {
		t.Errorf("%q finds %q", r.Mode, names(r))
	}
	if r := ask(t, p, d, me, `~"remuneration"`); len(r.Hits) != 0 || len(r.Warnings) != 1 {
		t.Errorf("%q finds %q, and says %v", r.Mode, names(r), r.Warnings)
	}
	if _, _, err := s.Fill(t.Context(), d, dbtest.User(t, d, "new@example.com"), 0, func(int, int) {}); err != nil {
		t.Errorf("an owner without mail: %v", err)
	}
	opening := make(chan struct{})
	slow := &Sense{Model: "one", Now: time.Now, Open: func(context.Context, string) (Encoder, error) { <-opening; return e, nil }}
	defer close(opening)
	if r := ask(t, &Postgres{Sense: slow}, d, me, "remuneration"); r.Mode != "postgres word index alone (the model is being prepared)" {
		t.Errorf("%q", r.Mode)
	}
	if r := ask(t, &Postgres{}, d, me, `~"remuneration" from:acme.example`); len(r.Warnings) != 1 || r.Mode != "postgres word index" {
		t.Errorf("without a model %q, and it says %v", r.Mode, r.Warnings)
	}
}

// A model that nobody uses gives its memory back, and is opened again by the next search.
func TestRest(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	opened, closed := 0, make(chan bool, 1)
	s := &Sense{Model: "one", Now: func() time.Time { return now }, Open: func(context.Context, string) (Encoder, error) {
		opened++
		return closing{&topics{id: "one"}, closed}, nil
	}}
	for i := range 3 {
		if _, err := s.Encoder(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		now = now.Add(idle / 2)
		for range 20 { // long after its beginning, and so beyond all patience
			if _, err := s.ready(t.Context(), "one"); err != nil {
				t.Fatal(err)
			}
		}
		s.Rest()
		if opened != i+1 {
			t.Errorf("opened %d times, want %d", opened, i+1)
		}
		now = now.Add(idle)
		s.Rest()
		<-closed
	}
}

type closing struct {
	*topics
	closed chan bool
}

func (c closing) Close() { c.closed <- true }

// Vectors of two versions are one set, whatever their order, and owners beyond the memory are forgotten.
func TestVectorSets(t *testing.T) {
	row := func(id, version int64, v ...byte) db.VectorListRow {
		return db.VectorListRow{EmailID: id, Version: version, Vector: v}
	}
	v := &vectorSet{}
	for _, rows := range [][]db.VectorListRow{{row(5, 1, 1, 2), row(9, 1, 3, 4)}, {row(1, 2, 5, 6), row(6, 2), row(7, 3, 255, 8), row(12, 2, 9, 9)}, {}} {
		var err error
		if v, err = v.with(rows); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(v.ids, []int64{1, 5, 7, 9, 12}) || v.version != 3 || v.dims != 16 || !slices.Equal(v.without, []int64{6}) {
		t.Fatalf("%+v", v)
	}
	for i, want := range []int8{5, 1, -1, 3, 9} {
		if v.vectors[i*16] != want || v.norms[i] < 1 {
			t.Errorf("row %d begins with %d, length %v", i, v.vectors[i*16], v.norms[i])
		}
	}
	if _, err := v.with([]db.VectorListRow{row(13, 4, make([]byte, 17)...)}); err == nil {
		t.Error("vectors of two lengths are one set")
	}
	m := vectorMemory{sets: map[int64]*remembered{1: {size: 10, used: 1}, 2: {size: 10, used: 3}, 3: {size: 0, used: 2}}}
	m.keep(3, 15, 30)
	if m.sets[1] != nil || m.sets[2] == nil || m.sets[3].size != 15 {
		t.Errorf("left are %v", m.sets)
	}
	m.keep(3, 100, 30)
	if len(m.sets) != 1 {
		t.Errorf("an owner with more than all memory keeps what others had: %v", m.sets)
	}
}
