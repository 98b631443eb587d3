package ingest

import (
	"testing"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

func from(address, id, subject string) string {
	return "From: Desk <" + address + ">\nTo: me@example.com\nMessage-ID: <" + id + ">\nDate: Mon, 2 Nov 2026 10:00:00 +0000\nSubject: " + subject + "\n\nThe minutes are attached.\n"
}

// TestCorrectionsTeach: one correction is learned for the sender and for the shape at once, two of a kind change the
// next mail of that kind whatever its address, nobody else learns from it, and it can be unlearned or undone.
func TestCorrectionsTeach(t *testing.T) {
	r := newRuled(t)
	other := ruled{t, r.db, r.in, dbtest.User(t, r.db, "other@example.com")}

	r.come(from("ann@desk.example", "1@x", "Minutes of the board 1"))
	r.categorise("message_id = '1@x'", "assessment")
	r.come(from("ann@desk.example", "2@x", "Something else entirely"), from("a.new.one@desk.example", "3@x", "Minutes of the board 3"))
	r.is("the sender was learned", "message_id = '2@x' and category = 'assessment' and not needs_review and category_by = 'triage'", 1)
	r.is("one correction is not a shape", "message_id = '3@x' and category = 'assessment'", 0)
	r.categorise("message_id = '3@x'", "assessment")
	r.come(from("a.third@desk.example", "4@x", "Minutes of the board 4"))
	r.is("two are", "message_id = '4@x' and category = 'assessment'", 1)

	other.come(from("ann@desk.example", "1@x", "Minutes of the board 1"), from("a.third@desk.example", "4@x", "Minutes of the board 4"))
	other.is("another owner learned nothing", "category = 'assessment'", 0)

	rows, err := r.db.As(r.user).LearnedList(t.Context(), r.user)
	if err != nil || len(rows) != 2 {
		t.Fatalf("learned: %+v (%v), want two senders", rows, err)
	}
	if rows, err := r.db.As(other.user).LearnedList(t.Context(), other.user); err != nil || len(rows) != 0 {
		t.Errorf("the other owner has learned %+v (%v)", rows, err)
	}
	n, err := r.db.As(r.user).LearnedDelete(t.Context(), db.LearnedDeleteParams{UserID: r.user, Sender: "ann@desk.example", Category: "assessment"})
	if err != nil || n != 1 {
		t.Fatalf("forgot %d (%v), want 1", n, err)
	}
	r.come(from("ann@desk.example", "5@x", "Yet another thing"), from("a.fourth@desk.example", "6@x", "Minutes of the board 6"))
	r.is("forgotten: neither the sender nor the shape is known any more", "message_id in ('5@x', '6@x') and category = 'assessment'", 0)
}

// TestUndoneCorrectionTeachesNothing, and neither does a confirmation.
func TestUndoneCorrectionTeachesNothing(t *testing.T) {
	r := newRuled(t)
	r.come(from("ann@desk.example", "1@x", "Minutes of the board 1"))
	r.categorise("message_id = '1@x'", "assessment")
	var id int64
	if err := r.db.Owner(r.user).QueryRow(t.Context(), "select max(id) from actions where user_id = $1", r.user).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if err := action.Undo(t.Context(), r.db, r.user, id); err != nil {
		t.Fatal(err)
	}
	r.come(from("ann@desk.example", "2@x", "Minutes of the board 2"))
	r.is("nothing was learned", "category = 'assessment'", 0)

	r.act("message_id = '2@x'", action.Intent{Kind: action.Confirm, Actor: "person"})
	r.is("confirmed", "message_id = '2@x' and category_by = 'user' and not needs_review", 1)
	if rows, err := r.db.As(r.user).LearnedList(t.Context(), r.user); err != nil || len(rows) != 0 {
		t.Errorf("a confirmation taught %+v (%v)", rows, err)
	}
	told, err := r.db.As(r.user).AccuracyMails(t.Context(), r.user)
	if err != nil || len(told) != 1 || !told[0].Confirmed || told[0].Claim != told[0].Truth {
		t.Errorf("told: %+v (%v), want the one confirmation", told, err)
	}
}

// TestAccuracyCountsTheClaim: what counts is what was said when the mail came in, against the last word of its person;
// of the mails of one thread only the newest.
func TestAccuracyCountsTheClaim(t *testing.T) {
	r := newRuled(t)
	r.come(letter("1@x", "Minutes", "", "The minutes"), letter("2@x", "Re: Minutes", "<1@x>", "Thanks"))
	var claim string
	if err := r.db.Owner(r.user).QueryRow(t.Context(), "select category from emails where user_id = $1 and message_id = '2@x'", r.user).Scan(&claim); err != nil {
		t.Fatal(err)
	}
	r.act("message_id in ('1@x', '2@x')", action.Intent{Kind: action.Categorise, Category: "offer", Actor: "person"})
	r.act("message_id in ('1@x', '2@x')", action.Intent{Kind: action.Categorise, Category: "assessment", Actor: "person"})
	told, err := r.db.As(r.user).AccuracyMails(t.Context(), r.user)
	if err != nil || len(told) != 1 || told[0].Truth != "assessment" || told[0].Claim != claim || told[0].Confirmed || told[0].Subject != "Re: Minutes" {
		t.Errorf("told: %+v (%v), want the newest mail, %s said, assessment meant", told, err, claim)
	}
}
