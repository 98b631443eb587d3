package gmailsync_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/gmail/gmailtest"
	"applylens/internal/ingest"
	"applylens/internal/vault"
)

// A scene is a fake Google, a database and an engine between them, with one account.
type scene struct {
	t       testing.TB
	fake    *gmailtest.Fake
	box     *gmailtest.Box
	db      *db.DB
	engine  *gmailsync.Engine
	user    int64
	account int64
	number  int
}

func testLimits() gmail.Limits {
	return gmail.Limits{Call: 2 * time.Second, Attempts: 8, Backoff: 4 * time.Millisecond, Patience: time.Second}
}

func testOptions() gmailsync.Options {
	o := gmailsync.Defaults()
	o.Limits, o.Resend, o.Resync, o.Park, o.Lease = testLimits(), 0, 0, 10*time.Millisecond, 2*time.Second
	return o
}

func newEngine(t testing.TB, d *db.DB, url, dir string, o gmailsync.Options) *gmailsync.Engine {
	t.Helper()
	store, err := blobs.Open(t.Context(), dir+"/blobs", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	keys, err := vault.Open(dir+"/keys", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	in := &ingest.Ingest{DB: d, Blobs: store, Log: log, Now: time.Now}
	oauth := gmail.OAuth{ClientID: "client", ClientSecret: "secret", Redirect: "http://127.0.0.1/accounts/callback", Endpoints: gmail.At(url), HTTP: gmailsync.HTTPClient()}
	quota := gmail.Quota2026()
	quota.User, quota.Project = 0, 0
	return gmailsync.New(d, in, keys, oauth, quota, log, time.Now, o)
}

func newScene(t testing.TB, fo gmailtest.Options, scopes ...string) *scene {
	t.Helper()
	fake, err := gmailtest.New(fo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	if scopes == nil {
		scopes = []string{"gmail.modify"}
	}
	s := &scene{t: t, fake: fake, db: dbtest.Pool(t)}
	address := fmt.Sprintf("sync-%d@example.com", time.Now().UnixNano())
	s.box = fake.Box(address)
	s.user = dbtest.User(t, s.db, address)
	s.engine = newEngine(t, s.db, fake.URL, t.TempDir(), testOptions())
	s.connect(scopes...)
	return s
}

func (s *scene) connect(scopes ...string) {
	s.t.Helper()
	g := gmail.Grant{Subject: s.box.Subject, Address: s.box.Address, RefreshToken: s.fake.Grant(s.box, scopes...)}
	for _, scope := range scopes {
		g.Scopes = append(g.Scopes, "https://www.googleapis.com/auth/"+scope)
	}
	id, err := s.engine.Connect(s.t.Context(), s.user, g)
	if err != nil {
		s.t.Fatal(err)
	}
	s.account = id
}

func (s *scene) letter(subject string) []byte {
	s.number++
	return []byte(fmt.Sprintf("From: Ann <ann@example.org>\r\nTo: %s\r\nMessage-ID: <%d.%s>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nSubject: %s\r\n\r\nLetter %d: %s\r\n",
		s.box.Address, s.number, s.box.Address, subject, s.number, subject))
}

// sync works until there is nothing more to do.
func (s *scene) sync() {
	s.t.Helper()
	for range 200 {
		more, err := s.engine.Sync(s.t.Context(), s.user, s.account, false)
		if err != nil {
			s.t.Fatal(err)
		}
		if a := s.get(); !more && a.Failures == 0 && a.PausedUntil == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	a := s.get()
	s.t.Fatalf("never done: state %s, failures %d, error %q, paused until %v", a.State, a.Failures, a.Error, a.PausedUntil)
}

func (s *scene) get() db.AccountGetRow {
	s.t.Helper()
	a, err := s.db.As(s.user).AccountGet(s.t.Context(), db.AccountGetParams{UserID: s.user, ID: s.account})
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// do carries an action out, as the handlers do.
func (s *scene) do(kind action.Kind, in action.Intent, emails ...int64) int64 {
	s.t.Helper()
	in.Kind, in.Actor = kind, "person"
	id, err := act(s.t.Context(), s.db, s.user, in, emails...)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func act(ctx context.Context, d *db.DB, user int64, in action.Intent, emails ...int64) (int64, error) {
	var made action.Made
	err := d.Tx(ctx, user, func(q *db.Queries, _ pgx.Tx) (err error) {
		if made, err = action.Make(ctx, q, user, in, action.Target{Emails: emails}, time.Now()); err != nil {
			return err
		}
		_, err = action.RunStep(ctx, q, user, made.ID)
		return err
	})
	return made.ID, err
}

// A mailRow is what is stored of a message.
type mailRow struct {
	gmailID, place string
	email          int64
	unread, star   bool
	gmail, own     []string // labels at Gmail by id, labels here by name
}

func stored(ctx context.Context, t testing.TB, d *db.DB, user, account int64) map[string]mailRow {
	t.Helper()
	rows, err := d.Owner(user).Query(ctx, `select g.gmail_id, e.place, e.id, e.unread, e.starred, g.labels,
		array(select l.name from email_labels x join labels l on l.user_id = x.user_id and l.id = x.label_id where x.user_id = e.user_id and x.email_id = e.id order by 1)
		from gmail_messages g join emails e on e.user_id = g.user_id and e.id = g.email_id
		where g.user_id = $1 and g.account_id = $2 and g.state = 'stored'`, user, account)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]mailRow{}
	var m mailRow
	_, err = pgx.ForEachRow(rows, []any{&m.gmailID, &m.place, &m.email, &m.unread, &m.star, &m.gmail, &m.own}, func() error {
		out[m.gmailID] = m
		m.gmail, m.own = nil, nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// placeOf is where a mail with these labels lies, unless the program snoozed it or put it into quarantine.
func placeOf(labels []string) string {
	for _, p := range [][2]string{{"TRASH", "trash"}, {"SPAM", "spam"}, {"INBOX", "inbox"}} {
		if slices.Contains(labels, p[0]) {
			return p[1]
		}
	}
	return "archive"
}

// equal compares the mailbox in Postgres with Gmail's, message by message and label by label.
func (s *scene) equal() {
	s.t.Helper()
	for _, difference := range differences(s.t.Context(), s.t, s.db, s.user, s.account, s.box) {
		s.t.Error(difference)
	}
}

func differences(ctx context.Context, t testing.TB, d *db.DB, user, account int64, box *gmailtest.Box) (out []string) {
	t.Helper()
	here, names := stored(ctx, t, d, user, account), box.LabelNames()
	for _, m := range box.Messages() {
		row, ok := here[m.ID]
		delete(here, m.ID)
		if !ok {
			out = append(out, fmt.Sprintf("%s is missing", m.ID))
			continue
		}
		slices.Sort(row.gmail)
		if !slices.Equal(row.gmail, m.Labels) {
			out = append(out, fmt.Sprintf("%s has the labels %v, at Gmail %v", m.ID, row.gmail, m.Labels))
		}
		var own []string
		place := placeOf(m.Labels)
		for _, l := range m.Labels {
			switch name, isUser := names[l], strings.HasPrefix(l, "Label_"); {
			case name == "ApplyLens/Snoozed":
				if place == "archive" && row.place == "snoozed" {
					place = "snoozed"
				}
			case name == "ApplyLens/Quarantine":
				if place == "archive" {
					place = "quarantine"
				}
			case isUser:
				own = append(own, strings.TrimPrefix(name, "ApplyLens/"))
			}
		}
		slices.Sort(own)
		own = slices.Compact(own)
		if row.place != place || row.unread != slices.Contains(m.Labels, "UNREAD") || row.star != slices.Contains(m.Labels, "STARRED") || !slices.Equal(row.own, own) {
			out = append(out, fmt.Sprintf("%s is %s unread=%v star=%v %v here, with the labels %v at Gmail", m.ID, row.place, row.unread, row.star, row.own, m.Labels))
		}
	}
	for id := range here {
		out = append(out, fmt.Sprintf("%s is here and no longer at Gmail", id))
	}
	return out
}

func TestBackfillAndHistory(t *testing.T) {
	huge, _ := new(big.Int).SetString("184467440737095516150000", 10)
	s := newScene(t, gmailtest.Options{FirstHistory: huge})
	label := s.box.AddLabel("Jobs")
	var ids []string
	for i := range 120 {
		ids = append(ids, s.box.Deliver(s.letter(fmt.Sprint("old ", i)), "", "INBOX", "UNREAD", label))
	}
	s.sync()
	s.equal()
	if a := s.get(); a.State != "live" || a.Missing != 0 || a.ReconciledAt == nil {
		t.Errorf("after the backfill: %+v", a)
	}
	s.box.Deliver(s.letter("news"), "", "INBOX")
	s.box.Modify(ids[3], []string{"STARRED"}, []string{"UNREAD", "INBOX"})
	s.box.Modify(ids[4], []string{"TRASH"}, []string{"INBOX", label})
	s.box.Delete(ids[5])
	s.box.RenameLabel(label, "Work")
	both := s.box.Deliver(s.letter("gone at once"), "", "INBOX")
	s.box.Delete(both)
	s.wake()
	s.sync()
	if a := s.get(); a.Cursor != s.box.HistoryID() {
		t.Errorf("cursor %s, Gmail's %s", a.Cursor, s.box.HistoryID())
	}
	s.labelsAnew()
	s.sync()
	s.equal()
}

// wake is what a push does.
func (s *scene) wake() {
	s.t.Helper()
	if err := s.db.As(s.user).AccountDirty(s.t.Context(), db.AccountDirtyParams{UserID: s.user, ID: s.account, Now: time.Now()}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) exec(sql string) {
	s.t.Helper()
	if _, err := s.db.Owner(s.user).Exec(s.t.Context(), sql); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) labelsAnew() { s.exec("update accounts set labels_at = null") }

// TestBackfillOfManyTurns: the turn that fetches the last message is not the one that listed it; the account is compared
// and live all the same.
func TestBackfillOfManyTurns(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	s.engine.Options.Window, s.engine.Options.First, s.engine.Options.Slice = 5, 0, time.Nanosecond
	for n := range 23 {
		s.box.Deliver(s.letter(fmt.Sprint(n)), "", "INBOX")
	}
	turns := 0
	for more := true; more && turns < 50; turns++ {
		var err error
		if more, err = s.engine.Sync(t.Context(), s.user, s.account, turns%2 == 1); err != nil {
			t.Fatal(err)
		}
	}
	if a := s.get(); a.State != "live" || a.ReconciledAt == nil || turns < 4 {
		t.Errorf("after %d turns the account is %s, compared at %v", turns, a.State, a.ReconciledAt)
	}
}

func TestActionsReachGmailOnce(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	var ids []string
	for i := range 8 {
		ids = append(ids, s.box.Deliver(s.letter(fmt.Sprint("mail ", i)), "", "INBOX", "UNREAD"))
	}
	s.sync()
	here := stored(t.Context(), t, s.db, s.user, s.account)
	email := func(i int) int64 { return here[ids[i]].email }
	s.do(action.Archive, action.Intent{}, email(0), email(1))
	s.do(action.Star, action.Intent{}, email(2))
	s.do(action.Label, action.Intent{Label: "Later"}, email(3))
	s.do(action.Snooze, action.Intent{Until: time.Now().Add(time.Hour)}, email(4))
	s.do(action.Quarantine, action.Intent{}, email(5))
	trash := s.do(action.Trash, action.Intent{}, email(6))
	read := s.do(action.Read, action.Intent{}, email(7))
	s.sync()
	s.equal()
	if err := action.Undo(t.Context(), s.db, s.user, trash); err != nil {
		t.Fatal(err)
	}
	if err := action.Undo(t.Context(), s.db, s.user, read); err != nil {
		t.Fatal(err)
	}
	s.sync()
	s.equal()
	for _, m := range s.box.Messages() {
		if m.ID == ids[6] && !slices.Contains(m.Labels, "INBOX") || m.ID == ids[7] && !slices.Contains(m.Labels, "UNREAD") {
			t.Errorf("not undone at Gmail: %v", m.Labels)
		}
	}
	if names := s.box.LabelNames(); !slices.ContainsFunc(slices.Collect(func(y func(string) bool) {
		for _, n := range names {
			if !y(n) {
				return
			}
		}
	}), func(n string) bool { return n == "ApplyLens/Later" }) {
		t.Errorf("no label of ours: %v", names)
	}
	assertOnce(t, s.box)
}

// assertOnce proves that no change was carried out twice at Gmail.
func assertOnce(t testing.TB, box *gmailtest.Box) (sent int) {
	t.Helper()
	times := map[string]int{}
	for key, n := range box.Executed() {
		for _, id := range strings.Split(key, ",") {
			times[id] += n
		}
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("change %s was carried out %d times", id, n)
		}
	}
	return len(times)
}

func TestLostAnswerIsNotRepeated(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	id := s.box.Deliver(s.letter("a"), "", "INBOX", "UNREAD")
	s.sync()
	email := stored(t.Context(), t, s.db, s.user, s.account)[id].email
	s.do(action.Archive, action.Intent{}, email)
	s.fake.Faults.Set(gmailtest.Rates{LostAnswer: 1})
	if _, err := s.engine.Sync(t.Context(), s.user, s.account, false); err != nil {
		t.Fatal(err)
	}
	s.box.Modify(id, []string{"INBOX"}, nil) // the person takes it back in Gmail meanwhile
	s.fake.Faults.Set(gmailtest.Rates{})
	s.exec("update accounts set next_at = now()")
	s.sync()
	s.equal()
	if row := stored(t.Context(), t, s.db, s.user, s.account)[id]; row.place != "inbox" {
		t.Errorf("the change was sent again over what the person did at Gmail: %+v", row)
	}
	if assertOnce(t, s.box) != 1 {
		t.Error("the change never reached Gmail")
	}
}

func TestGmailOverrulesWhatWaits(t *testing.T) {
	s := newScene(t, gmailtest.Options{}, "gmail.readonly")
	id := s.box.Deliver(s.letter("a"), "", "INBOX", "UNREAD")
	s.sync()
	email := stored(t.Context(), t, s.db, s.user, s.account)[id].email
	s.do(action.Archive, action.Intent{}, email)
	s.do(action.Star, action.Intent{}, email)
	s.sync()
	if row := stored(t.Context(), t, s.db, s.user, s.account)[id]; row.place != "archive" || !row.star {
		t.Errorf("without permission the change stays here: %+v", row)
	}
	s.box.Modify(id, []string{"TRASH"}, []string{"INBOX"})
	s.wake()
	s.sync()
	if row := stored(t.Context(), t, s.db, s.user, s.account)[id]; row.place != "trash" || !row.star {
		t.Errorf("Gmail's place must win and our star must stay: %+v", row)
	}
	s.connect("gmail.modify")
	s.sync()
	s.equal()
	if assertOnce(t, s.box) != 1 {
		t.Error("only the star was to be sent")
	}
}

func TestExpiredCursor(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	var ids []string
	for i := range 30 {
		ids = append(ids, s.box.Deliver(s.letter(fmt.Sprint("m ", i)), "", "INBOX", "UNREAD"))
	}
	s.sync()
	s.box.Delete(ids[1])
	s.box.Modify(ids[2], []string{"STARRED"}, []string{"UNREAD", "INBOX"})
	fresh := s.box.Deliver(s.letter("in the gap"), "", "SPAM")
	s.box.ForgetHistory()
	s.wake()
	s.sync()
	s.equal()
	if _, ok := stored(t.Context(), t, s.db, s.user, s.account)[fresh]; !ok {
		t.Error("what came in the gap is missing")
	}
	a := s.get()
	if a.State != "live" || a.Missing != 1 || a.Surplus != 1 {
		t.Errorf("the resync tells %d missing, %d surplus, state %s", a.Missing, a.Surplus, a.State)
	}
}

func TestReconnect(t *testing.T) {
	s := newScene(t, gmailtest.Options{Lifetime: time.Second})
	s.box.Deliver(s.letter("a"), "", "INBOX")
	s.sync()
	s.box.Revoke()
	for range 3 {
		s.wake()
		if _, err := s.engine.Sync(t.Context(), s.user, s.account, false); err != nil {
			t.Fatal(err)
		}
	}
	if a := s.get(); a.State != "needs_reconnect" || a.Cause == "" {
		t.Fatalf("revoked: %s, %q", a.State, a.Cause)
	}
	events, err := s.db.As(s.user).GmailEvents(t.Context(), db.GmailEventsParams{UserID: s.user, AccountID: s.account, MaxRows: 100})
	told := 0
	for _, e := range events {
		if e.Kind == "needs_reconnect" {
			told++
		}
	}
	if err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
	s.box.Deliver(s.letter("b"), "", "INBOX")
	s.connect("gmail.modify")
	s.sync()
	s.equal()
}

func TestSameMailByImportFirst(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	raw := s.letter("twice")
	_, err := s.engine.Ingest.Run(t.Context(), ingest.Mailbox{UserID: s.user, Addresses: []string{s.box.Address}}, func(yield func(ingest.Raw, error) bool) {
		yield(ingest.Raw{Source: "an mbox", Bytes: raw, Labels: []string{"INBOX"}}, nil)
	}, func(ingest.Counts, error) {})
	if err != nil {
		t.Fatal(err)
	}
	first := s.box.Deliver(raw, "", "STARRED", "UNREAD")
	second := s.box.Deliver(raw, "", "INBOX")
	s.sync()
	here := stored(t.Context(), t, s.db, s.user, s.account)
	if len(here) != 2 || here[first].email != here[second].email {
		t.Fatalf("the mapping: %+v", here)
	}
	if row := here[first]; row.place != "inbox" || !row.star || !row.unread {
		t.Errorf("merged state: %+v", row)
	}
	s.box.Delete(first)
	s.box.Delete(second)
	s.wake()
	s.sync()
	var n int
	if err := s.db.Owner(s.user).QueryRow(t.Context(), "select count(*) from emails where user_id = $1", s.user).Scan(&n); err != nil || n != 1 {
		t.Errorf("what was imported must stay: %d emails, %v", n, err)
	}
}

func TestPoisonIsParkedAndTriedAgain(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	s.sync()
	poison := s.box.Deliver(s.letter("poison"), "", "INBOX")
	s.box.Deliver(s.letter("good"), "", "INBOX")
	for range testLimits().Attempts {
		s.fake.Faults.Fail("messages.get", 400, "invalidArgument", 0)
	}
	s.wake()
	if _, err := s.engine.Sync(t.Context(), s.user, s.account, false); err != nil {
		t.Fatal(err)
	}
	parked, err := s.db.As(s.user).GmailParked(t.Context(), db.GmailParkedParams{UserID: s.user, AccountID: s.account})
	if err != nil || len(parked) == 0 || s.get().Cursor != s.box.HistoryID() {
		t.Fatalf("parked: %+v, %v", parked, err)
	}
	for range testLimits().Attempts {
		time.Sleep(30 * time.Millisecond)
		s.exec("update gmail_messages set retry_at = now() where state = 'parked'")
		s.sync()
	}
	s.equal()
	if _, ok := stored(t.Context(), t, s.db, s.user, s.account)[poison]; !ok {
		t.Error("the parked message never came")
	}
}

func TestDisconnectAndForget(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	for i := range 5 {
		s.box.Deliver(s.letter(fmt.Sprint(i)), "", "INBOX")
	}
	s.sync()
	if err := s.engine.Disconnect(t.Context(), s.user, s.account); err != nil {
		t.Fatal(err)
	}
	if s.fake.Granted(s.box) {
		t.Error("the permission was not given back")
	}
	if len(stored(t.Context(), t, s.db, s.user, s.account)) != 5 {
		t.Error("the mail must stay")
	}
	if err := s.engine.Forget(t.Context(), s.user, s.account); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := s.db.Owner(s.user).QueryRow(t.Context(), "select (select count(*) from emails) + (select count(*) from accounts) + (select count(*) from threads)").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
}

func TestQuotaPause(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	s.box.Deliver(s.letter("a"), "", "INBOX")
	s.fake.Faults.Fail("getProfile", 429, "userRateLimitExceeded", 7*time.Second)
	if _, err := s.engine.Sync(t.Context(), s.user, s.account, false); err != nil {
		t.Fatal(err)
	}
	a := s.get()
	if a.PausedUntil == nil || time.Until(*a.PausedUntil) < 5*time.Second || a.State != "connecting" {
		t.Errorf("paused until %v in state %s", a.PausedUntil, a.State)
	}
	if !a.NextAt.Equal(*a.PausedUntil) {
		t.Errorf("next look at %v, pause until %v", a.NextAt, a.PausedUntil)
	}
}

func TestTroubleThatLastsIsToldAndEnds(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	s.box.Deliver(s.letter("a"), "", "INBOX")
	s.sync()
	s.fake.Faults.Set(gmailtest.Rates{Broken: 1})
	for range 10 {
		s.wake()
		if _, err := s.engine.Sync(t.Context(), s.user, s.account, false); err != nil {
			t.Fatal(err)
		}
	}
	if a := s.get(); a.State != "error" || a.Cause == "" || a.Failures != 10 {
		t.Errorf("after ten failures: %s, %d failures", a.State, a.Failures)
	}
	s.fake.Faults.Set(gmailtest.Rates{})
	s.box.Deliver(s.letter("b"), "", "INBOX")
	s.sync()
	s.equal()
	if a := s.get(); a.State != "live" || a.Failures != 0 {
		t.Errorf("afterwards: %s, %d failures", a.State, a.Failures)
	}
}

func TestScopeThatGoogleDeniesIsAskedForAgain(t *testing.T) {
	s := newScene(t, gmailtest.Options{}, "gmail.readonly")
	id := s.box.Deliver(s.letter("a"), "", "INBOX")
	s.sync()
	s.exec("update accounts set scopes = array['https://www.googleapis.com/auth/gmail.modify']") // the token covers less
	s.do(action.Archive, action.Intent{}, stored(t.Context(), t, s.db, s.user, s.account)[id].email)
	s.sync()
	a := s.get()
	if !slices.Contains(a.Scopes, gmailsync.AskAgain) || gmail.Has(a.Scopes, gmail.ScopeModify) || a.State != "live" {
		t.Errorf("scopes %v, state %s", a.Scopes, a.State)
	}
	s.connect("gmail.modify")
	s.sync()
	s.equal()
	if assertOnce(t, s.box) != 1 {
		t.Error("the change was not sent")
	}
}
