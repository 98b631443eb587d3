package gmailsync_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"applylens/internal/action"
	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/errs"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/gmail/gmailtest"
	"applylens/internal/ingest"
	"applylens/internal/jobs"
	"applylens/internal/search"
	"applylens/internal/vault"
)

var (
	lossOps   = flag.Int("loss.ops", 600, "operations of the loss test")
	lossKills = flag.Int("loss.kills", 4, "times that the loss test kills the program")
	lossSeed  = flag.Uint64("loss.seed", 0, "seed of the loss test; 0 takes a new one")
)

// TestMain lets the test program play the worker that is killed.
func TestMain(m *testing.M) {
	if os.Getenv("LOSS_WORKER") != "" {
		if err := lossWorker(); err != nil {
			fmt.Fprintln(os.Stderr, "worker:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// lossWorker is the program: River's jobs and the listener for what is due, until its standard input ends.
func lossWorker() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d, err := db.Open(ctx, os.Getenv("LOSS_DATABASE"))
	if err != nil {
		return err
	}
	dir := os.Getenv("LOSS_DIR")
	store, err := blobs.Open(ctx, dir+"/blobs", nil)
	if err != nil {
		return err
	}
	keys, err := vault.Open(dir+"/keys", "", nil)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	in := &ingest.Ingest{DB: d, Blobs: store, Log: log, Now: time.Now}
	oauth := gmail.OAuth{ClientID: "client", ClientSecret: "secret", Endpoints: gmail.At(os.Getenv("LOSS_GOOGLE")), HTTP: gmailsync.HTTPClient()}
	quota := gmail.Quota2026()
	quota.User, quota.Project = 0, 0
	engine := gmailsync.New(d, in, keys, oauth, quota, log, time.Now, lossOptions())
	client, err := jobs.NewClient(jobs.Deps{DB: d, Ingest: in, Gmail: engine, Log: log, Now: time.Now}, true)
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	go jobs.WatchGmail(ctx, engine, client, log)
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends
	return nil
}

func lossOptions() gmailsync.Options {
	o := testOptions()
	o.Poll, o.Quiet, o.Lease, o.Resend, o.Labels, o.Reconcile = time.Second, time.Second, time.Second, 500*time.Millisecond, 500*time.Millisecond, time.Hour
	o.Limits = gmail.Limits{Call: 300 * time.Millisecond, Attempts: 6, Backoff: 4 * time.Millisecond, Patience: 100 * time.Millisecond}
	o.Topic = "projects/p/topics/t"
	return o
}

// A loss is one run of the loss test.
type loss struct {
	*scene
	rand    *rand.Rand
	dir     string
	worker  *exec.Cmd
	stdin   io.Closer
	pushes  *httptest.Server
	labels  []string
	actions int
	killed  int
	resyncs int
	ops     map[string]int
}

// TestLoss drives a mailbox at random from both sides, with every fault the fake knows, while the program is killed with
// -9 again and again. In the end the mailbox in Postgres must be Gmail's, message by message and label by label, each
// mail judged once and findable, and no change carried out twice.
func TestLoss(t *testing.T) {
	seed := *lossSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed: go test ./internal/gmail/gmailsync -run TestLoss -loss.ops=%d -loss.kills=%d -loss.seed=%d", *lossOps, *lossKills, seed)
	l := newLoss(t, seed)
	l.start()
	l.breathe()
	for i := range *lossOps {
		l.step(i)
		if (i+1)%(*lossOps / *lossKills) == 0 {
			l.kill()
		}
	}
	began := time.Now()
	l.settle()
	t.Logf("settled after %s", time.Since(began).Round(time.Millisecond))
	l.check()
}

func newLoss(t *testing.T, seed uint64) *loss {
	huge, _ := new(big.Int).SetString("18446744073709551000", 10) // passes the end of a uint64 on the way
	l := &loss{rand: rand.New(rand.NewPCG(seed, 3)), dir: t.TempDir(), ops: map[string]int{}}
	pool := dbtest.Pool(t)
	verifier := atomic.Pointer[gmail.PushCheck]{}
	l.pushes = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			var p gmail.Push
			if p, err = verifier.Load().Read(r.Context(), r.Header.Get("Authorization"), body); err == nil {
				_, err = pool.GmailPushed(r.Context(), db.GmailPushedParams{PushID: fmt.Sprint(seed, p.MessageID), Address: p.Address, At: time.Now()})
			}
		}
		if err != nil {
			t.Error("push: ", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(l.pushes.Close)
	fake, err := gmailtest.New(gmailtest.Options{Seed: seed, FirstHistory: huge, Push: l.pushes.URL, Lifetime: 70 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	verifier.Store(&gmail.PushCheck{Verifier: gmail.NewVerifier(gmail.At(fake.URL), http.DefaultClient, time.Now), Audience: l.pushes.URL,
		Account: "push@project.iam.gserviceaccount.com", Subscription: "projects/p/subscriptions/s"})
	address := fmt.Sprintf("loss-%d@example.com", seed)
	l.scene = &scene{t: t, fake: fake, box: fake.Box(address), db: pool, user: dbtest.User(t, pool, address)}
	l.engine = newEngine(t, pool, fake.URL, l.dir, lossOptions())
	for i := range 60 {
		l.box.Deliver(l.letter(fmt.Sprint("before ", i)), "", "INBOX", "UNREAD")
	}
	l.connect("gmail.modify")
	fake.Faults.Set(lossFaults())
	t.Cleanup(func() {
		if l.worker != nil {
			_ = l.worker.Process.Kill()
			_ = l.worker.Wait()
		}
	})
	return l
}

func lossFaults() gmailtest.Rates {
	return gmailtest.Rates{TooMany: 0.02, UserRate: 0.01, Broken: 0.02, Timeout: 0.005, Dropped: 0.02, LostAnswer: 0.03, HalfAnswer: 0.02, Vanish: 0.01,
		EmptyPage: 0.05, Repeat: 0.2, Shuffle: 0.3, PushDrop: 0.2, PushTwice: 0.2, PushReorder: 0.3, Hang: 350 * time.Millisecond}
}

func (l *loss) start() {
	l.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LOSS_WORKER=1", "LOSS_DATABASE="+dbtest.AppURL(l.t), "LOSS_DIR="+l.dir, "LOSS_GOOGLE="+l.fake.URL)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.worker, l.stdin = cmd, stdin
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "ready\n" {
		l.t.Fatalf("the worker said %q, %v", line, err)
	}
}

// kill ends the program at a random moment, without a chance to tidy up, and starts it again.
func (l *loss) kill() {
	time.Sleep(time.Duration(l.rand.IntN(200)) * time.Millisecond)
	_ = l.worker.Process.Kill() // SIGKILL
	_ = l.worker.Wait()
	l.killed++
	l.start()
	if l.killed%3 != 0 {
		l.breathe()
	}
}

// breathe gives the program time to get somewhere: until it has moved, or two seconds.
func (l *loss) breathe() {
	before := l.get().SyncedAt
	for range 40 {
		if !sameMoment(before, l.get().SyncedAt) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func sameMoment(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// step does one thing at random: at Gmail, or here.
func (l *loss) step(i int) {
	messages := l.box.Messages()
	dice := l.rand.IntN(100)
	var did string
	switch {
	case len(messages) < 20 || dice < 25 && len(messages) < 400:
		did = "arrival"
		labels := [][]string{{"INBOX", "UNREAD"}, {"INBOX"}, {"SPAM", "UNREAD"}, {"SENT"}, {"INBOX", "STARRED"}}[l.rand.IntN(5)]
		thread := ""
		if l.rand.IntN(3) == 0 && len(messages) > 0 {
			thread = messages[l.rand.IntN(len(messages))].ThreadID
		}
		l.box.Deliver(l.letter(fmt.Sprint("news ", i)), thread, append(labels, l.someLabels()...)...)
	case dice < 35 || len(messages) >= 400 && dice < 50:
		did = "deletion"
		l.box.Delete(messages[l.rand.IntN(len(messages))].ID)
	case dice < 65:
		did = "change at Gmail"
		add, remove := l.someChange()
		l.box.Modify(messages[l.rand.IntN(len(messages))].ID, add, remove)
	case dice < 67:
		did = l.changeLabels()
	case dice < 68 && l.rand.IntN(10) == 0:
		did, l.resyncs = "history forgotten", l.resyncs+1
		l.box.ForgetHistory()
	case dice < 92:
		did = l.act()
	default:
		did = "undo"
		l.undo()
	}
	l.ops[did]++
	if i%7 == 0 {
		l.fake.Flush(http.DefaultClient)
	}
	if i%500 == 250 {
		l.fake.Faults.Storm(20)
	}
	time.Sleep(time.Duration(l.rand.IntN(12)) * time.Millisecond)
}

func (l *loss) someLabels() []string {
	if len(l.labels) == 0 || l.rand.IntN(2) == 0 {
		return nil
	}
	return []string{l.labels[l.rand.IntN(len(l.labels))]}
}

func (l *loss) someChange() (add, remove []string) {
	switch l.rand.IntN(6) {
	case 0:
		return []string{"STARRED"}, []string{"UNREAD"}
	case 1:
		return []string{"INBOX"}, []string{"TRASH", "SPAM"}
	case 2:
		return nil, []string{"INBOX"}
	case 3:
		return []string{"TRASH"}, []string{"INBOX", "SPAM"}
	case 4:
		return append(l.someLabels(), "UNREAD"), []string{"STARRED"}
	}
	return []string{"SPAM"}, []string{"INBOX", "TRASH"}
}

// changeLabels makes, renames and deletes labels at Gmail.
func (l *loss) changeLabels() string {
	switch n := len(l.labels); {
	case n < 4:
		l.labels = append(l.labels, l.box.AddLabel(fmt.Sprint("Label ", l.number, " ", l.rand.IntN(1e9))))
		return "label made"
	case l.rand.IntN(3) == 0:
		i := l.rand.IntN(n)
		l.box.RemoveLabel(l.labels[i])
		l.labels = slices.Delete(l.labels, i, i+1)
		return "label deleted"
	default:
		l.box.RenameLabel(l.labels[l.rand.IntN(n)], fmt.Sprint("Renamed ", l.rand.IntN(1e9)))
		return "label renamed"
	}
}

// act does what a person does here, to one or a few emails.
func (l *loss) act() string {
	some := 1 + l.rand.IntN(4)
	if l.rand.IntN(8) == 0 {
		some = 12 + l.rand.IntN(20) // so many travel in one call
	}
	rows, err := l.db.Owner(l.user).Query(l.t.Context(), "select id from emails where user_id = $1 order by random() limit $2", l.user, some)
	if err != nil {
		l.t.Fatal(err)
	}
	var emails []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			l.t.Fatal(err)
		}
		emails = append(emails, id)
	}
	rows.Close()
	if len(emails) == 0 {
		return "nothing to act on"
	}
	kinds := []action.Kind{action.Archive, action.Inbox, action.Trash, action.Spam, action.Read, action.Unread, action.Star, action.Unstar, action.Label, action.Unlabel,
		action.Snooze, action.Quarantine, action.Release}
	in := action.Intent{Kind: kinds[l.rand.IntN(len(kinds))], Actor: "person", Label: fmt.Sprint("mine ", l.rand.IntN(3)), Until: time.Now().Add(time.Hour)}
	_, err = act(l.t.Context(), l.db, l.user, in, emails...)
	if status, _ := errs.Shown(err); err != nil && status == http.StatusBadRequest {
		return "refused" // such as a label that there is not
	}
	if err != nil && !db.IsCollision(err) {
		l.t.Fatal(err)
	}
	l.actions++
	return "action"
}

func (l *loss) undo() {
	var id int64
	err := l.db.Owner(l.user).QueryRow(l.t.Context(), "select coalesce((select id from actions where user_id = $1 and state = 'done' order by id desc offset $2 limit 1), 0)",
		l.user, l.rand.IntN(5)).Scan(&id)
	if err != nil {
		l.t.Fatal(err)
	}
	if id == 0 {
		return
	}
	if err := action.Undo(l.t.Context(), l.db, l.user, id); err != nil && !db.IsCollision(err) && !strings.Contains(err.Error(), "nothing at this address") {
		l.t.Fatal(err)
	}
}

// settle ends the faults and waits until the program has nothing more to do.
func (l *loss) settle() {
	l.fake.Faults.Set(gmailtest.Rates{})
	l.fake.Faults.Storm(0)
	l.exec("update gmail_messages set retry_at = now() where state = 'parked'")
	l.wake()
	deadline := time.Now().Add(2 * time.Minute)
	for quiet := 0; quiet < 5; {
		time.Sleep(300 * time.Millisecond)
		l.exec(fmt.Sprintf("select pg_notify('gmail_due', '%d %d')", l.user, l.account))
		if time.Now().After(deadline) {
			break
		}
		var open, waiting int
		err := l.db.Owner(l.user).QueryRow(l.t.Context(), `select (select count(*) from gmail_changes where state in ('pending', 'sending')),
			(select count(*) from gmail_messages where state in ('wanted', 'parked'))`).Scan(&open, &waiting)
		if err != nil {
			l.t.Fatal(err)
		}
		a := l.get()
		if open+waiting == 0 && a.State == "live" && a.Cursor == l.box.HistoryID() && a.LabelsAt != nil && time.Since(*a.LabelsAt) < 3*time.Second {
			quiet++
		} else {
			quiet = 0
		}
	}
}

func (l *loss) check() {
	a := l.get()
	l.t.Logf("%d operations %v, %d kills, %d actions, history forgotten %d times, calls %v", *lossOps, l.ops, l.killed, l.actions, l.resyncs, l.fake.Calls())
	if a.State != "live" {
		l.t.Errorf("the account is %s: %s %s", a.State, a.Cause, a.Error)
	}
	l.equal()
	sent := assertOnce(l.t, l.box)
	l.t.Logf("%d messages at Gmail, %d changes sent, %d failures in a row at the end", len(l.box.Messages()), sent, a.Failures)
	if sent == 0 {
		l.t.Error("no change reached Gmail: the test proves nothing")
	}
	l.checkChanges()
	l.checkJudgedOnce()
	l.checkIndex()
}

// checkIndex looks for every letter by the number that stands in it: those that are at Gmail are found once, in any
// place, and the others are not.
func (l *loss) checkIndex() {
	here := map[string]bool{}
	for _, m := range l.box.Messages() {
		here[strings.Fields(string(m.Raw[strings.Index(string(m.Raw), "\r\n\r\nLetter "):]))[1]] = true
	}
	engine, wrong := &search.Postgres{}, 0
	for n := 1; n <= l.number; n += 1 + l.number/1500 {
		number := fmt.Sprint(n) + ":"
		q := search.Parse(fmt.Sprintf(`"letter %d" in:anywhere`, n), time.Now())
		ids, _, err := engine.IDs(l.t.Context(), l.db.Owner(l.user), q, search.Request{UserID: l.user}, 10)
		if err != nil {
			l.t.Fatal(err)
		}
		if len(ids) == 1 != here[number] && wrong < 10 {
			wrong++
			l.t.Errorf("letter %d is found %d times; at Gmail: %v", n, len(ids), here[number])
		}
	}
}

// checkChanges proves that no change ended but for a reason: carried out, overtaken, overruled at Gmail, or about a message
// that is gone; and that most were carried out.
func (l *loss) checkChanges() {
	rows, err := l.db.Owner(l.user).Query(l.t.Context(), "select state || ' ' || error, count(*) from gmail_changes where user_id = $1 group by 1", l.user)
	if err != nil {
		l.t.Fatal(err)
	}
	defer rows.Close()
	ends := map[string]int{}
	for rows.Next() {
		var end string
		var n int
		if err := rows.Scan(&end, &n); err != nil {
			l.t.Fatal(err)
		}
		ends[end] = n
	}
	l.t.Logf("changes: %v", ends)
	for end, n := range ends {
		if strings.HasPrefix(end, "failed") {
			l.t.Errorf("%d changes were given up: %s", n, end)
		}
	}
}

// checkJudgedOnce proves that each email stands once, with its judgement, its thread and its place in the text index.
func (l *loss) checkJudgedOnce() {
	for name, sql := range map[string]string{
		"emails without a text":              "select count(*) from emails e where not exists (select from email_texts x where x.user_id = e.user_id and x.email_id = e.id)",
		"texts without an email":             "select count(*) from email_texts x where not exists (select from emails e where e.user_id = x.user_id and e.id = x.email_id)",
		"emails without a judgement":         "select count(*) from email_texts where verdict->>'category' is null",
		"emails that are no message":         "select count(*) from emails e where not exists (select from gmail_messages g where g.user_id = e.user_id and g.email_id = e.id)",
		"emails with two messages":           "select count(*) from (select email_id from gmail_messages where email_id is not null group by email_id having count(*) > 1) x",
		"threads without an email":           "select count(*) from threads t where not exists (select from emails e where e.user_id = t.user_id and e.thread_id = t.id)",
		"emails without a thread":            "select count(*) from emails e where not exists (select from threads t where t.user_id = e.user_id and t.id = e.thread_id)",
		"messages that are neither":          "select count(*) from gmail_messages where state in ('wanted', 'parked')",
		"changes that are neither":           "select count(*) from gmail_changes where state in ('pending', 'sending')",
		"unread threads counted wrongly":     "select count(*) from threads t where t.unread_count <> (select count(*) from emails e where e.user_id = t.user_id and e.thread_id = t.id and e.unread and e.place not in ('trash', 'spam'))",
		"quarantines proposed twice":         "select count(*) from (select email_id from action_items i join actions a on a.user_id = i.user_id and a.id = i.action_id where a.actor = 'inbox.triage' group by email_id having count(*) > 1) x",
		"messages dated otherwise than mail": "select count(*) from gmail_messages g join emails e on e.user_id = g.user_id and e.id = g.email_id where g.received_at <> e.received_at",
	} {
		var n int
		if err := l.db.Owner(l.user).QueryRow(l.t.Context(), sql).Scan(&n); err != nil || n != 0 {
			l.t.Errorf("%s: %s, %v", name, strconv.Itoa(n), err)
		}
	}
}
