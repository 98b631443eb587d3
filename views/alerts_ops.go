package views

import (
	"time"

	"applylens/internal/db"
)

// OpsAlerts is the page of alerts: what fires, the silences, the channels, and what is over.
type OpsAlerts struct {
	Objective  string // that the page is narrowed to
	Firing     []db.Alert
	Over       []db.Alert
	Next       string
	Silences   []db.AlertSilence
	Channels   []AlertChannel
	Objectives []string
	Classes    []string
}

// OpsAlert is one alert with what became of it and who was told.
type OpsAlert struct {
	Alert      db.Alert
	Events     []db.AlertEvent
	Deliveries []db.AlertDeliveriesRow
}

// alertState is how an alert stands.
func alertState(a db.Alert) string {
	switch {
	case a.ResolvedAt != nil:
		return "resolved"
	case a.AcknowledgedAt != nil:
		return "acknowledged"
	case a.Silenced:
		return "silenced"
	}
	return "firing"
}

// alertLasted is how long an alert has fired, or did.
func alertLasted(a db.Alert, now time.Time) string {
	if a.ResolvedAt != nil {
		return minutesText(a.ResolvedAt.Sub(a.FiredAt))
	}
	return minutesText(now.Sub(a.FiredAt))
}

// silenceOf says what a silence keeps quiet.
func silenceOf(s db.AlertSilence) string {
	switch {
	case s.Objective == nil && s.Class == nil:
		return "everything"
	case s.Class == nil:
		return *s.Objective
	case s.Objective == nil:
		return className(*s.Class) + " of everything"
	}
	return className(*s.Class) + " of " + *s.Objective
}

func silenceRuns(s db.AlertSilence, now time.Time) bool {
	return s.EndedAt == nil && s.UntilAt.After(now)
}

// refusedChannels are those whose deliveries can be tried again.
func (a OpsAlert) refusedChannels() []string {
	var names []string
	seen := map[string]bool{}
	for _, d := range a.Deliveries {
		if (d.State == "refused" || d.State == "not_configured") && !seen[d.Channel] {
			seen[d.Channel] = true
			names = append(names, d.Channel)
		}
	}
	return names
}
