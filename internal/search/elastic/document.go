package elastic

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"applylens/internal/db"
	"applylens/internal/search"
)

// layout is the settings and the mapping of every index.
//
//go:embed layout.json
var layout string

// layoutDigest tells layouts apart: indices of another one are rebuilt.
func layoutDigest() string {
	sum := sha256.Sum256([]byte(layout))
	return hex.EncodeToString(sum[:8])
}

// A document is what the index keeps of an email.
type document struct {
	User       string   `json:"user"`
	ID         int64    `json:"id"`
	Thread     int64    `json:"thread"`
	At         int64    `json:"at"` // Unix microseconds
	Digest     int64    `json:"digest"`
	Message    string   `json:"message"` // hash of the message id
	Sender     string   `json:"sender,omitempty"`
	Size       int64    `json:"size"`
	Place      string   `json:"place"`
	Category   string   `json:"category"`
	Priority   string   `json:"priority"`
	Confidence int32    `json:"confidence"` // of 10,000
	Risk       int16    `json:"risk"`
	Is         []string `json:"is"`
	Has        []string `json:"has"`
	Labels     []string `json:"labels"`
	Marks      []string `json:"marks"`
	All        string   `json:"all"`
	Typed      string   `json:"typed"`
	Subject    string   `json:"subject"`
	From       string   `json:"from"`
	Recipients string   `json:"recipients"`
	Body       string   `json:"body"`
}

func documentOf(userID int64, row *db.SearchDocsRow, t search.Tokens) document {
	d := document{User: owner(userID), ID: row.ID, Thread: row.ThreadID, At: row.ReceivedAt.UnixMicro(), Digest: row.Digest,
		Message: messageKey(row.MessageID), Sender: cut(row.FromAddress, 500), Size: row.Size, Place: row.Place, Category: row.Category, Priority: row.Priority,
		Confidence: row.Confidence, Risk: row.Risk, Labels: row.Labels, Marks: t.Marks,
		Subject: t.Subject, From: t.From, Recipients: t.Recipients, Body: t.Body}
	d.All = strings.Join(t.All, " ")
	d.Typed = d.All
	for _, mark := range []struct {
		name string
		on   bool
	}{{"unread", row.Unread}, {"starred", row.Starred}, {"sent", row.Sent}, {"draft", row.Draft}, {"needs-reply", row.NeedsReply}, {"needs-review", row.NeedsReview}} {
		if mark.on {
			d.Is = append(d.Is, mark.name)
		}
	}
	d.Has = search.AttachedKinds(row.HasAttachment, row.Files, row.Types, row.Inlines)
	if row.Invitation {
		d.Has = append(d.Has, "invitation")
	}
	return d
}

func cut(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }

// owner is the value by which mail is routed and filtered.
func owner(userID int64) string { return strconv.FormatInt(userID, 10) }

// messageKey stands for a message id, which may be longer than a keyword.
func messageKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// firstYear bounds the number of indices: older mail, and mail without a date, shares one.
const firstYear = 2000

// monthOf is the month, YYYY-MM, in whose index mail of a time lies.
func monthOf(received time.Time) string {
	received = received.UTC()
	if received.Year() < firstYear {
		return "1970-01"
	}
	return received.Format("2006-01")
}

// span is the time of the mail of a month's index.
func span(month string) (from, to time.Time) {
	if month == "1970-01" {
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	from, err := time.Parse("2006-01", month)
	if err != nil {
		return time.Time{}, time.Time{}
	}
	return from, from.AddDate(0, 1, 0)
}

// indexName is the index of a month in a generation; writeAlias the alias of that month's live one.
func (c *Client) indexName(month string, generation int32) string {
	return fmt.Sprintf("%s-%s-g%d", c.Prefix, month, generation)
}

func (c *Client) writeAlias(month string) string { return c.Prefix + "-" + month }

// parseName reads an index name.
func (c *Client) parseName(name string) (month string, generation int32, ok bool) {
	rest, ok := strings.CutPrefix(name, c.Prefix+"-")
	if !ok || len(rest) < len("2006-01-g1") || rest[7:9] != "-g" {
		return "", 0, false
	}
	n, err := strconv.ParseInt(rest[9:], 10, 32)
	_, dated := time.Parse("2006-01", rest[:7])
	return rest[:7], int32(n), err == nil && dated == nil
}
