package alert_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"applylens/internal/alert"
	"applylens/internal/alert/alerttest"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

// A clock is moved by the test.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(0, c.at.Load()) }
func (c *clock) pass(d time.Duration) { c.at.Add(int64(d)) }

func newClock(at string) *clock {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err)
	}
	c := &clock{}
	c.at.Store(t.UnixNano())
	return c
}

// An office is a database of its own with the other sides.
type office struct {
	t       *testing.T
	address string
	clock   *clock
	sides   *alerttest.Server
	hours   alert.Hours
	die     func() bool // asked after each notice that was sent: whether the process ends there
}

func newOffice(t *testing.T, address, at string, fault func(string) alerttest.Fault) *office {
	sides := alerttest.New(fault, 300*time.Millisecond)
	t.Cleanup(sides.Close)
	d, err := db.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Pool.Exec(t.Context(), "delete from alerts"); err != nil {
		t.Fatal(err)
	}
	return &office{t: t, address: address, clock: newClock(at), sides: sides, die: func() bool { return false }}
}

// A process is the program from a start to its end.
type process struct {
	*alert.Outbox
	db *db.DB
}

func (o *office) start() *process {
	o.t.Helper()
	d, err := db.Open(o.t.Context(), o.address)
	if err != nil {
		o.t.Fatal(err)
	}
	routes, err := alert.DefaultRoutes()
	if err != nil {
		o.t.Fatal(err)
	}
	client := &http.Client{Timeout: 100 * time.Millisecond}
	channels := []alert.Channel{
		&alert.PagerDuty{RoutingKey: "R", Base: o.sides.URL, HTTP: client},
		&alert.Slack{Token: "x", Channel: "C", Base: o.sides.URL, HTTP: client},
		&alert.Webhook{URL: o.sides.URL + "/hook", HTTP: client},
	}
	for i, c := range channels {
		channels[i] = mortal{c, o, d}
	}
	return &process{&alert.Outbox{DB: d, Channels: channels, Routes: routes, Hours: o.hours, BaseURL: "http://console.test", Log: slog.New(slog.DiscardHandler), Now: o.clock.now}, d}
}

// mortal ends the process after a notice was sent and before that is written down.
type mortal struct {
	alert.Channel
	office *office
	db     *db.DB
}

func (m mortal) Send(ctx context.Context, n alert.Notice) error {
	err := m.Channel.Send(ctx, n)
	if m.office.die() {
		m.db.Close()
	}
	return err
}

// fire writes an alert as the evaluation does, and returns its id.
func (o *office) fire(q *db.Queries, objective, class string) int64 {
	o.t.Helper()
	id, err := q.AlertCreate(o.t.Context(), db.AlertCreateParams{Key: objective + "/" + class + "/" + o.clock.now().String(), Objective: objective, Class: class, FiredAt: o.clock.now()})
	if err != nil {
		o.t.Fatal(err)
	}
	o.event(q, id, "firing")
	return id
}

func (o *office) event(q *db.Queries, id int64, state string) {
	o.t.Helper()
	if _, err := q.AlertEventCreate(o.t.Context(), db.AlertEventCreateParams{AlertID: id, State: state, Minute: o.clock.now(), Text: state}); err != nil {
		o.t.Fatal(err)
	}
}

// resolve ends an alert as the evaluation does.
func (o *office) resolve(q *db.Queries, id int64) {
	o.t.Helper()
	if err := q.AlertResolve(o.t.Context(), db.AlertResolveParams{ID: id, ResolvedAt: o.clock.now()}); err != nil {
		o.t.Fatal(err)
	}
	o.event(q, id, "resolved")
}

// TestOutbox runs in a database of its own: what is told belongs to nobody, so other tests would be told of it too.
func TestOutbox(t *testing.T) {
	address := dbtest.Database(t)
	for name, test := range map[string]func(*testing.T, string){"ten bad minutes": tenBadMinutes, "held for business hours": heldForBusinessHours,
		"silence": silence, "refused": refused} {
		t.Run(name, func(t *testing.T) { test(t, address) })
	}
}

// tenBadMinutes: PagerDuty, Slack and a web hook answer 429, 500, not at all or too late for ten minutes, and the
// program dies again and again after a notice was sent. Every alert arrives, once, and its end after its beginning.
func tenBadMinutes(t *testing.T, address string) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test
	var bad atomic.Bool
	bad.Store(true)
	faults := make(chan alerttest.Fault, 4096)
	for range cap(faults) {
		faults <- []alerttest.Fault{alerttest.TooMany, alerttest.Broken, alerttest.Hang, alerttest.Slow, alerttest.None}[random.IntN(5)]
	}
	o := newOffice(t, address, "2026-11-25T03:00:00Z", func(string) alerttest.Fault {
		if !bad.Load() {
			return alerttest.None
		}
		return <-faults
	})
	deaths := 0
	var sends atomic.Int64
	o.die = func() bool { return bad.Load() && sends.Add(1)%7 == 0 }
	p := o.start()
	defer func() { p.db.Close() }()
	var open []int64
	const alerts = 12
	begun := 0
	for step := 0; step < 400 && (step < 40 || len(open) > 0 || begun < alerts); step++ {
		if begun < alerts {
			open = append(open, o.fire(p.db.Queries, fmt.Sprint("objective", begun), "hard_down"))
			begun++
		} else if len(open) > 0 {
			o.resolve(p.db.Queries, open[0])
			open = open[1:]
		}
		if p.Deliver(t.Context()) != nil {
			p.db.Close()
			deaths++
			p = o.start()
		}
		o.clock.pass(15 * time.Second)
	}
	bad.Store(false)
	for range 20 {
		o.clock.pass(3 * time.Minute)
		if err := p.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if deaths == 0 {
		t.Error("the program never died")
	}
	checkArrived(t, o.sides.Taken(), alerts)
}

// checkArrived looks at what each side has in the end, with repetitions taken out as the side itself does it.
func checkArrived(t *testing.T, taken []alerttest.Taken, alerts int) {
	t.Helper()
	byChannel := map[string][]string{}
	for _, n := range taken {
		what := n.Key + " " + n.Action
		if n.Channel == "slack" {
			what = n.ID
		}
		if seen := slices.Contains(byChannel[n.Channel], what); !seen {
			byChannel[n.Channel] = append(byChannel[n.Channel], what)
		} else if n.Channel == "slack" {
			t.Errorf("Slack got %s twice", n.Text)
		}
	}
	for channel, got := range byChannel {
		if len(got) != 2*alerts {
			t.Errorf("%s got %d notices, want %d: %q", channel, len(got), 2*alerts, got)
		}
	}
	if len(byChannel) != 3 {
		t.Errorf("channels: %v", byChannel)
	}
	for _, ends := range [][2]string{{"pagerduty", "trigger"}, {"webhook", "firing"}} {
		fired := map[string]bool{}
		for _, n := range taken {
			if n.Channel != ends[0] {
				continue
			}
			if n.Action == ends[1] {
				fired[n.Key] = true
			} else if !fired[n.Key] {
				t.Errorf("%s: %s ended before it began", n.Channel, n.Key)
			}
		}
	}
}

func none(string) alerttest.Fault { return alerttest.None }

func (p *process) states(t *testing.T, alertID int64) map[string]string {
	t.Helper()
	rows, err := p.db.AlertDeliveries(t.Context(), alertID)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, r := range rows {
		m[r.EventState+" "+r.Channel] = r.State
	}
	return m
}

// heldForBusinessHours: a page of SEV2 at night waits; what is over before morning wakes nobody.
func heldForBusinessHours(t *testing.T, address string) {
	o := newOffice(t, address, "2026-11-25T02:00:00Z", none)
	var err error
	if o.hours, err = alert.ParseHours("Mon-Fri 09:00-18:00 UTC"); err != nil {
		t.Fatal(err)
	}
	p := o.start()
	defer p.db.Close()
	short, long := o.fire(p.db.Queries, "a", "exhausted"), o.fire(p.db.Queries, "b", "exhausted")
	for range 3 {
		if err := p.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.clock.pass(time.Hour)
	}
	if s := p.states(t, short); s["firing pagerduty"] != "pending" || s["firing slack"] != "sent" || s["firing email"] != "not_configured" {
		t.Errorf("at night: %v", s)
	}
	o.resolve(p.db.Queries, short)
	o.clock.pass(5 * time.Hour)
	if err := p.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.states(t, short); s["firing pagerduty"] != "dropped" || s["resolved pagerduty"] != "" || s["resolved slack"] != "sent" {
		t.Errorf("over before morning: %v", s)
	}
	if s := p.states(t, long); s["firing pagerduty"] != "sent" {
		t.Errorf("in the morning: %v", s)
	}
}

func silence(t *testing.T, address string) {
	o := newOffice(t, address, "2026-11-25T12:00:00Z", none)
	p := o.start()
	defer p.db.Close()
	id, err := p.db.AlertCreate(t.Context(), db.AlertCreateParams{Key: "k", Objective: "a", Class: "page", FiredAt: o.clock.now(), Silenced: true})
	if err != nil {
		t.Fatal(err)
	}
	o.event(p.db.Queries, id, "firing")
	deliver := func() {
		t.Helper()
		if err := p.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	deliver()
	if len(o.sides.Taken()) != 0 {
		t.Fatalf("told although silenced: %v", o.sides.Taken())
	}
	if err := p.db.AlertSilenced(t.Context(), db.AlertSilencedParams{ID: id}); err != nil {
		t.Fatal(err)
	}
	o.event(p.db.Queries, id, "unsilenced")
	deliver()
	o.event(p.db.Queries, id, "acknowledged")
	o.resolve(p.db.Queries, id)
	deliver()
	var actions []string
	for _, n := range o.sides.Taken() {
		if n.Channel == "pagerduty" {
			actions = append(actions, n.Action)
		}
	}
	if !slices.Equal(actions, []string{"trigger", "acknowledge", "resolve"}) {
		t.Errorf("PagerDuty got %v", actions)
	}
}

// refused: what a channel will never take is shown, and sent once its settings are mended.
func refused(t *testing.T, address string) {
	o := newOffice(t, address, "2026-11-25T12:00:00Z", none)
	p := o.start()
	defer p.db.Close()
	refusing := refusal{errors.New("wrong key")}
	p.Channels = []alert.Channel{refusing}
	id := o.fire(p.db.Queries, "a", "page")
	if err := p.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.states(t, id); s["firing pagerduty"] != "refused" || s["firing slack"] != "not_configured" {
		t.Fatalf("%v", s)
	}
	p.Channels = o.start().Channels
	if n, err := p.db.AlertRetry(t.Context(), db.AlertRetryParams{At: o.clock.now(), AlertID: id, Channel: "pagerduty"}); err != nil || n != 1 {
		t.Fatalf("%d %v", n, err)
	}
	if err := p.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := p.states(t, id); s["firing pagerduty"] != "sent" {
		t.Errorf("%v", s)
	}
}

type refusal struct{ err error }

func (refusal) Name() string                               { return "pagerduty" }
func (r refusal) Send(context.Context, alert.Notice) error { return r.err }
