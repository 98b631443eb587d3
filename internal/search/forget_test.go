package search

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/search/postings"
)

// TestForgottenMailIsNeverFound deletes mails one by one while others come: at every moment a search finds exactly those
// that are there, and once a segment is merged nothing of a deleted one is left in it.
func TestForgottenMailIsNeverFound(t *testing.T) {
	d := dbtest.New(t)
	me := dbtest.User(t, d, "me@example.com")
	dice := rand.New(rand.NewPCG(1, 2))
	var p Postgres
	here := map[int64]int{}
	search := func(query string) []int64 {
		ids, _, err := p.IDs(t.Context(), d.Owner(me), Parse(query, clock(t)), Request{UserID: me}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(ids)
		return ids
	}
	check := func(step int) {
		if got := search("offer"); len(got) != len(here) {
			t.Fatalf("step %d: %d mails are found, %d are here", step, len(got), len(here))
		}
		if got := search("-nothing"); len(got) != len(here) {
			t.Fatalf("step %d: %d mails are found by what they lack, %d are here", step, len(got), len(here))
		}
	}
	const mails = 300
	var deleted []int
	for n := range mails {
		insert(t, d, me, fixture{name: fmt.Sprintf("m%d", n), subject: "offer", from: "a@b.example", body: fmt.Sprintf("unique%dword", n), days: 1, category: "offer"})
		id := search(fmt.Sprintf("unique%dword", n))
		if len(id) != 1 {
			t.Fatalf("mail %d is found %d times", n, len(id))
		}
		here[id[0]] = n
		if dice.IntN(3) > 0 {
			continue
		}
		for id, n := range here { // any of them
			forget(t, d, me, id)
			delete(here, id)
			deleted = append(deleted, n)
			break
		}
		check(n)
	}
	left := noted(t, d, me)
	if left == 0 || left >= len(deleted) {
		t.Errorf("of %d deleted mails %d are still noted: nothing was put off, or nothing was merged", len(deleted), left)
	}
	if err := EraseAll(t.Context(), d, me); err != nil {
		t.Fatal(err)
	}
	check(mails)
	if n := noted(t, d, me); n != 0 {
		t.Errorf("%d deleted mails are noted after all was erased", n)
	}
	for _, n := range deleted {
		if at := blocksWith(t, d, me, fmt.Sprintf("unique%dword", n)); at != 0 {
			t.Errorf("the word of the deleted mail %d stands in %d blocks", n, at)
		}
	}
}

// TestManyDeletionsAreCompacted deletes most of one large segment, in small steps.
func TestManyDeletionsAreCompacted(t *testing.T) {
	d := dbtest.New(t)
	me := dbtest.User(t, d, "me@example.com")
	var b Batch
	var ids []int64
	for i := range 2000 {
		b.Add(clock(t), new(Analyzer).Lexemes(Document{Subject: "offer", Body: fmt.Sprint("only", i)}))
		ids = append(ids, int64(i+1))
	}
	if err := b.Segment().Store(t.Context(), d.As(me), me, ids); err != nil {
		t.Fatal(err)
	}
	most := 0
	for part := range slices.Chunk(ids[:1900], 10) {
		forget(t, d, me, part...)
		most = max(most, noted(t, d, me))
	}
	if most < fewDead || most > 2000/deadShare {
		t.Errorf("at most %d deleted mails were noted at once", most)
	}
	if at := blocksWith(t, d, me, "only7"); at != 0 {
		t.Errorf("the word of a mail that was deleted long ago stands in %d blocks", at)
	}
}

func forget(t *testing.T, d *db.DB, me int64, ids ...int64) {
	t.Helper()
	if err := Forget(t.Context(), d.As(me), me, ids); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Owner(me).Exec(t.Context(), "delete from email_texts where user_id = $1 and email_id = any($2)", me, ids); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Owner(me).Exec(t.Context(), "delete from emails where user_id = $1 and id = any($2)", me, ids); err != nil {
		t.Fatal(err)
	}
}

func noted(t *testing.T, d *db.DB, me int64) (n int) {
	t.Helper()
	if err := d.Owner(me).QueryRow(t.Context(), "select count(*) from search_dead").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// blocksWith counts the blocks of the index in which a word stands.
func blocksWith(t *testing.T, d *db.DB, me int64, word string) (n int) {
	t.Helper()
	rows, err := d.As(me).SearchSegmentList(t.Context(), me)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		segments, err := readSegments(t.Context(), d.As(me), me, []int64{r.ID})
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range segments[0].Blocks {
			if hasWord(block, word) {
				n++
			}
		}
	}
	return n
}

func hasWord(block postings.Block, word string) bool {
	for r := postings.Read(block); r.Next(); {
		if string(r.Word) == word {
			return true
		}
	}
	return false
}
