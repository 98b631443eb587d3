package handlers_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ulule/limiter/v3/drivers/store/memory"

	"applylens/handlers"
	"applylens/internal/agent"
	"applylens/internal/auth"
	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/fetch"
	"applylens/internal/imageproxy"
	"applylens/internal/ingest"
	"applylens/internal/jobs"
	"applylens/internal/sample"
)

// A site is a server over a rolled-back database with two users: robin, who is signed in and owns the sample mailbox,
// and a stranger with the same mail.
type site struct {
	*handlers.Server
	handler       http.Handler
	cookie        *http.Cookie
	user, foreign int64
}

func newSite(t testing.TB) *site {
	t.Helper()
	d := dbtest.New(t)
	store, err := blobs.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	log := slog.New(slog.DiscardHandler)
	agents, err := agent.Open(t.Context(), agent.Options{DB: d, Dir: t.TempDir(), Release: "test", Log: log, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = agents.Close() }) // the database may be gone
	in := &ingest.Ingest{DB: d, Blobs: store, Log: log, Now: time.Now, Judge: agents.Judge}
	client, err := jobs.NewClient(jobs.Deps{DB: d, Ingest: in, Log: log, Now: time.Now}, false)
	if err != nil {
		t.Fatal(err)
	}
	images, err := imageproxy.NewSigner(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Server: &handlers.Server{DB: d, Blobs: store, Ingest: in, Agents: agents, Jobs: client, Log: log, Now: time.Now, Version: "test",
		BaseURL: "http://example.com", Auth: &auth.Store{DB: d, Now: time.Now}, Events: handlers.NewEvents(),
		Remote: fetch.New(fetch.Options{}), Images: images, Limit: handlers.NewProgramLimit(memory.NewStore(), 600)}}
	s.handler = s.Handler()
	s.user, s.foreign = dbtest.User(t, d, sample.Owner), dbtest.User(t, d, "stranger@example.net")
	for _, user := range []int64{s.user, s.foreign} {
		if _, err := s.LoadSample(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	s.signIn(t)
	return s
}

func (s *site) signIn(t testing.TB) {
	t.Helper()
	token, err := auth.NewLink(t.Context(), s.DB, s.user, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	got := s.do(t, "GET", "/sign-in/"+token, "", false)
	for _, c := range got.Result().Cookies() {
		if c.Name == auth.CookieName {
			s.cookie = c
		}
	}
	if s.cookie == nil {
		t.Fatalf("signing in gave no cookie: %d %s", got.Code, got.Body)
	}
}

func (s *site) do(t testing.TB, method, target, form string, htmx bool) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form))
	r.Header.Set("Accept", "text/html")
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if htmx {
		r.Header.Set("HX-Request", "true")
	}
	if s.cookie != nil {
		r.AddCookie(s.cookie)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// thread returns the id of a thread by its subject.
func (s *site) thread(ctx context.Context, user int64, subject string) (int64, error) {
	var id int64
	err := s.DB.Owner(user).QueryRow(ctx, "select id from threads where user_id = $1 and subject = $2", user, subject).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("thread %q: %w", subject, err)
	}
	return id, nil
}

// ruleID returns the id of a rule by its name; the stranger's is made when it is asked for.
func (s *site) ruleID(ctx context.Context, user int64, name string) (id int64, err error) {
	if user == s.foreign {
		return s.DB.As(user).RuleCreate(ctx, db.RuleCreateParams{UserID: user, Name: name, Query: "offer", Star: true, Most: 100})
	}
	err = s.DB.Owner(user).QueryRow(ctx, "select id from rules where user_id = $1 and name = $2", user, name).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("rule %q: %w", name, err)
	}
	return id, nil
}

// TestScripts runs the page scripts of testdata: a request, then what must hold of its answer.
//
//	GET /t/{thread SUBJECT}     a page; {foreign SUBJECT} is the same thread of someone else, {rule NAME} the id of a rule
//	HX GET /search?q=offer      the same as htmx asks
//	POST /actions kind=archive&thread={thread SUBJECT}
//	code == 303
//	header Location == /
//	body has TEXT               body lacks TEXT, with white space folded
//	follow                      goes where a redirect points
//	body before A aria-B        A stands in it before aria-B
//	undo                        sends the undo form of the last answer
//	signed out                  the requests that follow carry no session
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := &player{site: newSite(t), t: t}
			for i, line := range strings.Split(string(text), "\n") {
				p.at = fmt.Sprintf("%s:%d", file, i+1)
				p.step(strings.TrimSpace(line))
			}
			if p.checks == 0 {
				t.Error("the script checks nothing")
			}
		})
	}
}

type player struct {
	*site
	t      *testing.T
	at     string
	answer *httptest.ResponseRecorder
	checks int
}

var placeholder = regexp.MustCompile(`\{(thread|foreign|rule|foreignrule|saved|foreignsaved) ([^}]*)\}`)

func (p *player) step(line string) {
	if line == "" || strings.HasPrefix(line, "#") {
		return
	}
	line = placeholder.ReplaceAllStringFunc(line, func(s string) string {
		m := placeholder.FindStringSubmatch(s)
		user, find := p.user, p.thread
		if strings.HasPrefix(m[1], "foreign") {
			user = p.foreign
		}
		if strings.HasSuffix(m[1], "rule") {
			find = p.ruleID
		}
		if strings.HasSuffix(m[1], "saved") {
			find = p.savedID
		}
		id, err := find(p.t.Context(), user, m[2])
		if err != nil {
			p.t.Fatalf("%s: %v", p.at, err)
		}
		return strconv.FormatInt(id, 10)
	})
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "HX", "GET", "POST":
		p.send(line)
	case "follow":
		p.answer = p.do(p.t, "GET", p.answer.Header().Get("Location"), "", false)
	case "undo":
		m := regexp.MustCompile(`action="(/actions/\d+/undo)"`).FindStringSubmatch(p.answer.Body.String())
		if m == nil {
			p.t.Fatalf("%s: the last answer offers no undo:\n%s", p.at, p.body())
		}
		p.answer = p.do(p.t, "POST", m[1], "back=/", true)
	case "signed":
		p.cookie = nil
	default:
		p.check(verb, rest)
	}
}

func (p *player) send(line string) {
	rest, htmx := strings.CutPrefix(line, "HX ")
	method, rest, _ := strings.Cut(rest, " ")
	target, form, _ := strings.Cut(rest, " ")
	if method == "POST" {
		if _, err := url.ParseQuery(form); err != nil {
			p.t.Fatalf("%s: %v", p.at, err)
		}
	}
	p.answer = p.do(p.t, method, target, strings.ReplaceAll(form, " ", "+"), htmx)
}

func (p *player) body() string { return strings.Join(strings.Fields(p.answer.Body.String()), " ") }

func (p *player) check(verb, rest string) {
	p.checks++
	fail := func(format string, args ...any) { p.t.Errorf(p.at+": "+format, args...) }
	switch {
	case verb == "code":
		if want := strings.TrimPrefix(rest, "== "); strconv.Itoa(p.answer.Code) != want {
			fail("code is %d, want %s: %.400s", p.answer.Code, want, p.body())
		}
	case verb == "header":
		name, want, _ := strings.Cut(rest, " == ")
		if got := p.answer.Header().Get(name); got != want {
			fail("%s is %q, want %q", name, got, want)
		}
	case strings.HasPrefix(rest, "has "):
		if want := strings.TrimPrefix(rest, "has "); !strings.Contains(p.body(), want) {
			fail("the body lacks %q: %.2000s", want, p.body())
		}
	case strings.HasPrefix(rest, "before "):
		first, second, _ := strings.Cut(strings.TrimPrefix(rest, "before "), " aria-")
		if a, b := strings.Index(p.body(), first), strings.Index(p.body(), "aria-"+second); a < 0 || b < a {
			fail("%q and %q stand at %d and %d", first, "aria-"+second, a, b)
		}
	case strings.HasPrefix(rest, "lacks "):
		if want := strings.TrimPrefix(rest, "lacks "); strings.Contains(p.body(), want) {
			fail("the body has %q", want)
		}
	default:
		p.t.Fatalf("%s: not understood: %s %s", p.at, verb, rest)
	}
}
