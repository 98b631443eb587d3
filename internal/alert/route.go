package alert

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// channelNames are the channels there can be.
var channelNames = [...]string{"pagerduty", "slack", "email", "webhook"}

//go:embed routes.json
var defaultRoutes []byte

// Routes say which severity a class of alert has, and which channels a severity goes to.
type Routes struct {
	Classes    map[string]Severity `json:"classes"`
	Severities map[Severity]Route  `json:"severities"`
}

// A Route names the channels that are told at once, and those that are told in business hours only: what comes outside
// them is held until they begin.
type Route struct {
	AtOnce        []string `json:"at_once"`
	BusinessHours []string `json:"business_hours"`
}

// DefaultRoutes are those of the handbook.
func DefaultRoutes() (Routes, error) { return ParseRoutes(defaultRoutes) }

// ParseRoutes reads routes from JSON of the form of routes.json, and refuses names that mean nothing.
func ParseRoutes(data []byte) (Routes, error) {
	var r Routes
	if err := json.Unmarshal(data, &r); err != nil {
		return Routes{}, fmt.Errorf("routes of alerts: %w", err)
	}
	for class, severity := range r.Classes {
		if _, ok := r.Severities[severity]; !ok {
			return Routes{}, fmt.Errorf("routes of alerts: %s is %s, which has no route", class, severity)
		}
	}
	for severity, route := range r.Severities {
		for _, name := range slices.Concat(route.AtOnce, route.BusinessHours) {
			if !slices.Contains(channelNames[:], name) {
				return Routes{}, fmt.Errorf("routes of alerts: %s goes to %q; channels are %v", severity, name, channelNames)
			}
		}
	}
	return r, nil
}

// Severity returns the severity of a class; a class without a route is SEV3, so that it is seen.
func (r Routes) Severity(class string) Severity {
	if s, ok := r.Classes[class]; ok {
		return s
	}
	return SEV3
}

// A Delivery is one channel that is to be told, not before a time.
type Delivery struct {
	Channel   string
	NotBefore time.Time
}

// Deliveries lists who is told of an alert of a severity that changed at a time.
func (r Routes) Deliveries(s Severity, at time.Time, hours Hours) []Delivery {
	var list []Delivery
	for _, name := range r.Severities[s].AtOnce {
		list = append(list, Delivery{name, at})
	}
	for _, name := range r.Severities[s].BusinessHours {
		list = append(list, Delivery{name, hours.Next(at)})
	}
	return list
}

// MarshalText writes SEV1.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads SEV1 to SEV4.
func (s *Severity) UnmarshalText(text []byte) error {
	for _, known := range []Severity{SEV1, SEV2, SEV3, SEV4} {
		if string(text) == known.String() {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("%q is no severity; they are SEV1 to SEV4", text)
}
