package mail

import (
	"strings"
	"time"
)

// maxCalendarLines bounds the lines read of one calendar.
const maxCalendarLines = 20000

// A property is one content line of iCalendar (RFC 5545, section 3.1).
type property struct {
	name   string // upper case
	params map[string]string
	value  string // not yet unescaped
}

// calendar adds the events of a text/calendar part. The same event in several parts counts once.
func (p *parser) calendar(data []byte, charset, method string) {
	text, _ := decodeText(data, charset)
	if !strings.Contains(strings.ToUpper(text[:min(len(text), 4096)]), "BEGIN:VCALENDAR") {
		p.warn("a calendar part cannot be read")
		return
	}
	cal := &calendar{method: strings.ToUpper(method), zones: map[string]*zoneRules{}, sender: senderZone(p.m.Date)}
	for _, line := range unfoldCalendar(text) {
		cal.take(parseProperty(line))
	}
	cal.endEvent()
	for _, e := range cal.events {
		event, warning := cal.event(e)
		if warning != "" {
			p.warn(warning)
		}
		key := event.Method + "\x00" + event.UID + "\x00" + event.Start.UTC().String()
		if p.events[key] || len(p.m.Calendar) >= MaxEvents {
			continue
		}
		if p.events == nil {
			p.events = map[string]bool{}
		}
		p.events[key] = true
		p.m.Calendar = append(p.m.Calendar, event)
	}
}

// senderZone is the zone of the mail's date, for times without a zone.
func senderZone(date time.Time) *time.Location {
	if date.IsZero() {
		return time.UTC
	}
	return date.Location()
}

// unfoldCalendar cuts a calendar into its content lines.
func unfoldCalendar(text string) []string {
	var out []string
	for n := 0; text != "" && n < maxCalendarLines; n++ {
		line := text
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = ""
		}
		line = strings.TrimRight(line, "\r")
		if len(out) > 0 && line != "" && (line[0] == ' ' || line[0] == '\t') {
			if len(out[len(out)-1]) < 64<<10 {
				out[len(out)-1] += line[1:]
			}
			continue
		}
		if line != "" {
			out = append(out, line)
		}
	}
	return out
}

func parseProperty(line string) property {
	p := property{params: map[string]string{}}
	i := strings.IndexAny(line, ";:")
	if i <= 0 {
		return p
	}
	p.name = strings.ToUpper(strings.TrimSpace(line[:i]))
	for i < len(line) && line[i] == ';' {
		line = line[i+1:]
		end, quoted := 0, false
		for end < len(line) && (quoted || line[end] != ';' && line[end] != ':') {
			if line[end] == '"' {
				quoted = !quoted
			}
			end++
		}
		name, value, _ := strings.Cut(line[:end], "=")
		p.params[strings.ToUpper(name)] = strings.Trim(value, `"`)
		i = end
	}
	if i < len(line) {
		p.value = line[i+1:]
	}
	return p
}

// A calendar gathers the properties of the events and zones of one VCALENDAR.
type calendar struct {
	method string
	zone   string // X-WR-TIMEZONE
	zones  map[string]*zoneRules
	sender *time.Location

	path    []string // open components
	current map[string]property
	events  []map[string]property
	rules   *zoneRules
	rule    *zoneRule
}

func (c *calendar) take(p property) {
	value := strings.ToUpper(strings.TrimSpace(p.value))
	switch p.name {
	case "BEGIN":
		c.path = append(c.path, value)
		c.begin(value)
		return
	case "END":
		c.end(value)
		return
	}
	if len(c.path) == 0 {
		return
	}
	switch c.path[len(c.path)-1] {
	case "VCALENDAR":
		switch p.name {
		case "METHOD":
			c.method = value
		case "X-WR-TIMEZONE":
			c.zone = p.value
		}
	case "VEVENT":
		if _, dup := c.current[p.name]; !dup && c.current != nil {
			c.current[p.name] = p
		}
	case "VTIMEZONE":
		if p.name == "TZID" && c.rules != nil {
			c.zones[strings.TrimSpace(p.value)] = c.rules
		}
	case "STANDARD", "DAYLIGHT":
		if c.rule != nil {
			c.rule.take(p)
		}
	}
}

func (c *calendar) begin(name string) {
	switch name {
	case "VEVENT":
		c.endEvent()
		c.current = map[string]property{}
	case "VTIMEZONE":
		c.rules = &zoneRules{}
	case "STANDARD", "DAYLIGHT":
		c.rule = &zoneRule{}
	}
}

func (c *calendar) end(name string) {
	switch name {
	case "VEVENT":
		c.endEvent()
	case "STANDARD", "DAYLIGHT":
		if c.rules != nil && c.rule != nil && len(c.rules.rules) < 100 {
			c.rules.rules = append(c.rules.rules, *c.rule)
		}
		c.rule = nil
	}
	for i := len(c.path) - 1; i >= 0; i-- {
		if c.path[i] == name {
			c.path = c.path[:i]
			return
		}
	}
}

func (c *calendar) endEvent() {
	if c.current != nil && len(c.events) < MaxEvents {
		c.events = append(c.events, c.current)
	}
	c.current = nil
}

// event turns the properties of a VEVENT into an Event.
func (c *calendar) event(e map[string]property) (Event, string) {
	ev := Event{
		Method: clean(c.method), UID: unescape(e["UID"].value), Summary: unescape(e["SUMMARY"].value),
		Location: unescape(e["LOCATION"].value), Organizer: organizer(e["ORGANIZER"]),
	}
	if strings.EqualFold(strings.TrimSpace(e["STATUS"].value), "CANCELLED") && ev.Method == "" {
		ev.Method = "CANCEL"
	}
	var warning string
	ev.Start, warning = c.time(e["DTSTART"])
	if _, has := e["DTEND"]; has {
		ev.End, _ = c.time(e["DTEND"])
	} else if d, ok := parseDuration(e["DURATION"].value); ok && !ev.Start.IsZero() {
		ev.End = ev.Start.Add(d)
	}
	return ev, warning
}

// time reads a DATE or DATE-TIME. A time without zone is taken in the calendar's own zone, else in that of the sender
// of the mail; a date without time is midnight UTC.
func (c *calendar) time(p property) (time.Time, string) {
	v := strings.TrimSpace(p.value)
	switch {
	case v == "":
		return time.Time{}, ""
	case len(v) == 8:
		t, err := time.Parse("20060102", v)
		return checkedTime(t, err)
	case strings.HasSuffix(v, "Z"):
		t, err := time.Parse("20060102T150405Z", v)
		return checkedTime(t, err)
	}
	t, err := time.Parse("20060102T150405", v)
	if err != nil {
		if t, err = time.Parse("20060102T1504", v); err != nil {
			return checkedTime(t, err)
		}
	}
	var warning string
	zone := p.params["TZID"]
	if zone == "" {
		zone = c.zone
	}
	in := func(loc *time.Location) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, loc)
	}
	if zone != "" {
		if loc := loadZone(zone); loc != nil {
			return checkedTime(in(loc), nil)
		}
		if rules := c.zones[zone]; rules != nil && len(rules.rules) > 0 {
			return checkedTime(in(time.FixedZone("", rules.offset(t))), nil)
		}
		warning = "an event is in an unknown time zone; the sender's is used"
	} else {
		warning = "an event has no time zone; the sender's is used"
	}
	at, bad := checkedTime(in(c.sender), nil)
	if bad != "" {
		warning = bad
	}
	return at, warning
}

func checkedTime(t time.Time, err error) (time.Time, string) {
	if err != nil || !plausible(t) {
		return time.Time{}, "the time of an event cannot be read"
	}
	return t, ""
}

// organizer prefers the address to the name.
func organizer(p property) string {
	v := strings.TrimSpace(p.value)
	if len(v) > 7 && strings.EqualFold(v[:7], "mailto:") {
		return clean(strings.TrimSpace(v[7:]))
	}
	if strings.Contains(v, "@") {
		return clean(v)
	}
	return clean(p.params["CN"])
}

// unescape undoes the escapes of RFC 5545, section 3.3.11.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return strings.TrimSpace(clean(s))
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n', 'N':
			b.WriteByte('\n')
		default:
			b.WriteByte(s[i])
		}
	}
	return strings.TrimSpace(clean(b.String()))
}

// parseDuration reads the durations of RFC 5545, section 3.3.6, up to ten years.
func parseDuration(s string) (time.Duration, bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	if len(s) < 3 || s[0] != 'P' {
		return 0, false
	}
	const limit = 10 * 366 * 24 * time.Hour
	var total time.Duration
	n := time.Duration(0)
	for _, c := range s[1:] {
		var unit time.Duration
		switch c {
		case 'W':
			unit = 7 * 24 * time.Hour
		case 'D':
			unit = 24 * time.Hour
		case 'H':
			unit = time.Hour
		case 'M':
			unit = time.Minute
		case 'S':
			unit = time.Second
		case 'T':
			continue
		default:
			if c < '0' || c > '9' || n > 1_000_000 {
				return 0, false
			}
			n = n*10 + time.Duration(c-'0')
			continue
		}
		if n > limit/unit {
			return 0, false
		}
		total += n * unit
		n = 0
	}
	return total, total > 0 && total <= limit
}
