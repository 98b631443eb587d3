package sample

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// build turns the written form of a message into what would come over the wire.
func build(src source, now time.Time) ([]byte, error) {
	text, err := fillDates(strings.Join(src.lines, "\n"), now)
	if err != nil {
		return nil, err
	}
	head, body := cut(strings.Split(strings.TrimRight(text, "\n"), "\n"))
	head = fillHeader(head, src.sent())
	if head, err = fillTrace(head); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := writeEntity(&out, head, body, digest(get(head, "Message-ID"))); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func cut(lines []string) (head, body []string) {
	for i, l := range lines {
		if l == "" {
			return lines[:i:i], lines[i+1:]
		}
	}
	return lines, nil
}

// get returns the value of a header with its continuation lines, or "".
func get(head []string, name string) string {
	for i, l := range head {
		if len(l) <= len(name) || l[len(name)] != ':' || !strings.EqualFold(l[:len(name)], name) {
			continue
		}
		value := l[len(name)+1:]
		for _, next := range head[i+1:] {
			if next[0] != ' ' && next[0] != '\t' {
				break
			}
			value += next
		}
		return strings.TrimSpace(value)
	}
	return ""
}

func fillHeader(head []string, sent bool) []string {
	for _, d := range []struct {
		name, value string
		fits        bool
	}{
		{"From", ownerMailbox, sent},
		{"To", ownerMailbox, !sent},
		{"MIME-Version", "1.0", true},
		{"Content-Type", `text/plain; charset="UTF-8"`, true},
	} {
		if d.fits && get(head, d.name) == "" {
			head = append(head, d.name+": "+d.value)
		}
	}
	return head
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
