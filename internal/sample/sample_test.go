package sample

import (
	"bytes"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// moments are clocks that a loader may have: weekdays, weekends, midnight, other zones, the ends of months and years.
func moments() []time.Time {
	west := time.FixedZone("west", -8*3600)
	east := time.FixedZone("east", 9*3600)
	return []time.Time{
		time.Now(),
		time.Date(2026, 3, 4, 10, 30, 0, 0, time.UTC),    // Wednesday
		time.Date(2026, 3, 7, 0, 1, 0, 0, time.UTC),      // Saturday, just begun
		time.Date(2026, 3, 8, 23, 59, 0, 0, east),        // Sunday
		time.Date(2026, 3, 9, 7, 0, 0, 0, west),          // Monday
		time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC),     // across the year
		time.Date(2028, 2, 29, 18, 45, 10, 99, time.UTC), // leap day
	}
}

// A parsed is one message with its header read.
type parsed struct {
	Message
	head mail.Header
	id   string
	date time.Time
}

func parse(t *testing.T, now time.Time) []parsed {
	t.Helper()
	var all []parsed
	for i, m := range Messages(now) {
		msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		if err != nil {
			t.Fatalf("message %d: %v\n%s", i, err, m.Raw)
		}
		date, err := msg.Header.Date()
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		id := strings.Trim(msg.Header.Get("Message-ID"), "<>")
		for _, name := range []string{"From", "To"} {
			if _, err := msg.Header.AddressList(name); err != nil && !strings.HasPrefix(msg.Header.Get(name), "undisclosed") {
				t.Errorf("%s: %s: %v", id, name, err)
			}
		}
		all = append(all, parsed{m, msg.Header, id, date})
	}
	return all
}

func (p parsed) sent() bool { return slices.Contains(p.Labels, "SENT") }

func TestDatesAreRecentAndPast(t *testing.T) {
	for _, now := range moments() {
		today := 0
		for _, m := range parse(t, now) {
			if m.date.After(now) || !m.date.After(now.AddDate(0, 0, -71)) {
				t.Errorf("at %v: %s is dated %v", now, m.id, m.date)
			}
			if now.Sub(m.date) < 12*time.Hour {
				today++
			}
		}
		if today < 8 {
			t.Errorf("at %v: %d messages of the last 12 hours, want 8 or more", now, today)
		}
	}
}

func TestIdentityIsStable(t *testing.T) {
	first, later := parse(t, moments()[1]), parse(t, moments()[5])
	if len(first) < 130 || len(first) != len(later) {
		t.Fatalf("%d messages, later %d; want the same and 130 or more", len(first), len(later))
	}
	seen := map[string]bool{}
	for i, m := range first {
		if m.id == "" || seen[m.id] || m.id != later[i].id {
			t.Errorf("message %d: Message-ID %q, later %q, seen before: %v", i, m.id, later[i].id, seen[m.id])
		}
		seen[m.id] = true
	}
}

func TestPlaceholdersAreResolved(t *testing.T) {
	for _, m := range Messages(time.Now()) {
		if i := bytes.Index(m.Raw, []byte("{{")); i >= 0 {
			t.Errorf("left over: %.80s", m.Raw[i:])
		}
		if bytes.Contains(bytes.ReplaceAll(m.Raw, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("a bare line feed in %.200s", m.Raw)
		}
		for _, label := range m.Labels {
			if strings.TrimSpace(label) == "" || strings.Contains(label, "|") {
				t.Errorf("label %q", label)
			}
		}
	}
}

func TestThreadsHoldTogether(t *testing.T) {
	reference := regexp.MustCompile(`<([^<>]+)>`)
	for _, now := range moments() {
		dates := map[string]time.Time{}
		all := parse(t, now)
		for _, m := range all {
			dates[m.id] = m.date
		}
		replies := 0
		for _, m := range all {
			for _, ref := range reference.FindAllStringSubmatch(m.head.Get("In-Reply-To")+m.head.Get("References"), -1) {
				parent, ok := dates[ref[1]]
				if !ok || !parent.Before(m.date) {
					t.Errorf("at %v: %s (%v) refers to %s (%v, known: %v)", now, m.id, m.date, ref[1], parent, ok)
				}
				replies++
			}
		}
		if replies < 60 {
			t.Errorf("%d references, want 60 or more", replies)
		}
	}
}

func TestOfficesWriteOnWorkingDays(t *testing.T) {
	for _, now := range moments() {
		for _, m := range parse(t, now) {
			person := strings.HasPrefix(m.head.Get("From"), "Priya") || strings.HasPrefix(m.head.Get("From"), "Graham")
			wd := m.date.Weekday()
			if person && now.Sub(m.date) > 12*time.Hour && (wd == time.Saturday || wd == time.Sunday) {
				t.Errorf("at %v: %s was written on a %v", now, m.id, wd)
			}
		}
	}
}

func TestReceivedMailHasATrace(t *testing.T) {
	for _, m := range parse(t, time.Now()) {
		auth := m.head.Get("Authentication-Results")
		if m.sent() {
			if auth != "" || !strings.Contains(m.head.Get("From"), Owner) {
				t.Errorf("%s: sent, with From %q and results %q", m.id, m.head.Get("From"), auth)
			}
			continue
		}
		if !strings.HasPrefix(auth, "mx.example.com;") || m.head.Get("Received") == "" || m.head.Get("Delivered-To") != Owner {
			t.Errorf("%s: no trace of the receiving server: %q", m.id, auth)
		}
	}
}

func TestNoRealDomain(t *testing.T) {
	host := regexp.MustCompile(`(?i)(?:@|//|www\.)([a-z0-9][a-z0-9.-]*[a-z0-9])`)
	bare := regexp.MustCompile(`(?i)\b[a-z0-9-]+\.(?:com|org|net|io|dev|ai|eu|uk|de|fr|es|pt|nl|jp|us|ly|app)\b`)
	fine := regexp.MustCompile(`(?i)(^|\.)(example|test|invalid|example\.(com|org|net))$`)
	for _, m := range parse(t, time.Now()) {
		for _, text := range append(leaves(t, m.Raw), string(m.Raw[:bytes.Index(m.Raw, []byte("\r\n\r\n"))])) {
			for _, found := range host.FindAllStringSubmatch(text, -1) {
				if strings.Contains(found[1], ".") && !fine.MatchString(found[1]) {
					t.Errorf("%s: %s", m.id, found[0])
				}
			}
			for _, found := range bare.FindAllString(text, -1) {
				if !fine.MatchString(found) {
					t.Errorf("%s: %s", m.id, found)
				}
			}
		}
	}
}
