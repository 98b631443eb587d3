package mail

import (
	"strings"
	"testing"
	"time"
)

func TestCalendar(t *testing.T) {
	const odd = "BEGIN:VTIMEZONE\r\nTZID:Company Time\r\n" +
		"BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n" +
		"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
	for name, c := range map[string]struct{ props, start, end string }{
		"utc":              {"DTSTART:20260115T100000Z\r\nDTEND:20260115T110000Z", "2026-01-15T10:00:00Z", "2026-01-15T11:00:00Z"},
		"iana":             {"DTSTART;TZID=Europe/Berlin:20260715T100000\r\nDURATION:PT1H30M", "2026-07-15T08:00:00Z", "2026-07-15T09:30:00Z"},
		"windows":          {"DTSTART;TZID=\"W. Europe Standard Time\":20260115T100000", "2026-01-15T09:00:00Z", ""},
		"pacific":          {"DTSTART;TZID=Pacific Standard Time:20260715T100000", "2026-07-15T17:00:00Z", ""},
		"path":             {"DTSTART;TZID=/freeassociation.sourceforge.net/America/New_York:20260115T100000", "2026-01-15T15:00:00Z", ""},
		"vtimezone winter": {"DTSTART;TZID=Company Time:20260115T100000", "2026-01-15T09:00:00Z", ""},
		"vtimezone summer": {"DTSTART;TZID=Company Time:20260715T100000", "2026-07-15T08:00:00Z", ""},
		"offset name":      {"DTSTART;TZID=\"(UTC+05:30) Chennai\":20260715T100000", "2026-07-15T04:30:00Z", ""},
		"floating":         {"DTSTART:20260715T100000", "2026-07-15T12:00:00Z", ""},
		"all day":          {"DTSTART;VALUE=DATE:20260715\r\nDTEND;VALUE=DATE:20260716", "2026-07-15T00:00:00Z", "2026-07-16T00:00:00Z"},
		"broken":           {"DTSTART:soon", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ics := "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n" + odd + "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Interview\\, second\r\n  round\r\n" +
				"ORGANIZER;CN=\"Doe; Jane\":MAILTO:jane@example.com\r\nLOCATION:Room 1\\nFloor 2\r\n" + c.props + "\r\n" +
				"BEGIN:VALARM\r\nDTSTART:20200101T000000Z\r\nSUMMARY:no\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
			m := Parse([]byte("From: a@example.com\r\nDate: Mon, 12 Jan 2026 10:00:00 -0200\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
				"--x\r\n\r\ntext\r\n--x\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n" + ics +
				"\r\n--x\r\nContent-Type: application/ics; name=invite.ics\r\n\r\n" + ics + "\r\n--x--\r\n"))
			if len(m.Calendar) != 1 {
				t.Fatalf("%d events", len(m.Calendar))
			}
			e := m.Calendar[0]
			if e.Method != "REQUEST" || e.UID != "1" || e.Summary != "Interview, second round" || e.Organizer != "jane@example.com" || e.Location != "Room 1\nFloor 2" {
				t.Errorf("got %+v", e)
			}
			if got := utc(e.Start); got != c.start {
				t.Errorf("start %s, want %s", got, c.start)
			}
			if got := utc(e.End); got != c.end {
				t.Errorf("end %s, want %s", got, c.end)
			}
			if m.Text != "text" || len(m.Attachments) != 2 || m.Attachments[0].Filename != "invite.ics" {
				t.Errorf("text %q, attachments %+v", m.Text, m.Attachments)
			}
			if floating := strings.Contains(strings.Join(m.Warnings, " "), "no time zone"); floating != (name == "floating") {
				t.Errorf("warnings %q", m.Warnings)
			}
		})
	}
}

func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func TestWindowsZones(t *testing.T) {
	for windows, iana := range windowsZones {
		if _, err := time.LoadLocation(iana); err != nil {
			t.Errorf("%s: %v", windows, err)
		}
	}
}
