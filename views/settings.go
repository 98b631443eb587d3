package views

import (
	"strings"

	"applylens/internal/db"
)

// CountedMails is how many mails the account page counts; of more it says just that.
const CountedMails = 10_000

// storedMails says how many mails are stored, as far as they were counted.
func storedMails(facts db.SettingsFactsRow) string {
	if facts.Emails > CountedMails {
		return "more than 10,000"
	}
	return id(facts.Emails)
}

// storedBytes says how much room the originals of the counted mails take.
func storedBytes(facts db.SettingsFactsRow) string {
	if facts.Emails > CountedMails {
		return "more than " + size(facts.Bytes)
	}
	return size(facts.Bytes)
}

// zones are the time zones to choose from; any other of the IANA database can be typed.
func zones() []string {
	return []string{"UTC", "Europe/London", "Europe/Lisbon", "Europe/Dublin", "Europe/Paris", "Europe/Berlin", "Europe/Madrid", "Europe/Rome",
		"Europe/Zurich", "Europe/Vienna", "Europe/Amsterdam", "Europe/Stockholm", "Europe/Warsaw", "Europe/Athens", "Europe/Kyiv",
		"Europe/Istanbul", "Africa/Lagos", "Africa/Cairo", "Africa/Johannesburg", "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata",
		"Asia/Dhaka", "Asia/Bangkok", "Asia/Singapore", "Asia/Hong_Kong", "Asia/Shanghai", "Asia/Tokyo", "Asia/Seoul",
		"Australia/Perth", "Australia/Sydney", "Pacific/Auckland", "America/Sao_Paulo", "America/Buenos_Aires", "America/Bogota",
		"America/Mexico_City", "America/New_York", "America/Toronto", "America/Chicago", "America/Denver", "America/Los_Angeles",
		"America/Vancouver", "America/Anchorage", "Pacific/Honolulu"}
}

// browser names the browser and the system of a User-Agent, as far as they can be told.
func browser(agent string) string {
	name, system := "", ""
	for _, b := range [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}} {
		if strings.Contains(agent, b[0]) {
			name = b[1]
			break
		}
	}
	for _, s := range [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, s[0]) {
			system = s[1]
			break
		}
	}
	switch {
	case name == "":
		return "Unknown browser"
	case system == "":
		return name
	}
	return name + " on " + system
}
