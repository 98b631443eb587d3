// Package sample holds the sample mailbox: ten weeks of the mail of Robin Avery, who does not exist and neither does
// anybody who writes to Robin. It is loaded through the same pipeline as any mail. Start at Messages.
//
// The mail lies in mailbox/*.mbox.txt, written to be read and edited. A line "From - LABEL, LABEL" starts a message;
// text before the first one is a comment. Then come header lines, an empty line and the body, as in RFC 5322, with
// these comforts:
//
//   - From, To, MIME-Version and Content-Type may be left out; the owner, 1.0 and text/plain in UTF-8 fill in.
//   - A header with other than ASCII letters is written as it reads and sent as encoded words (RFC 2047).
//   - A body is written as it reads; it is converted to the charset of its Content-Type and encoded by its
//     Content-Transfer-Encoding, or as quoted-printable when it needs one and names none.
//   - A multipart body is made of lines {{part TYPE}}, each followed by the part's further header lines, an empty
//     line and its content, and of {{open TYPE}} … {{close}} around the parts of an inner multipart.
//   - {{file NAME}} as the content of a part stands for the bytes of files/NAME.
//   - {{gmail}} among the headers stands for what the receiving server wrote: Delivered-To, Return-Path, Received
//     and Authentication-Results, by default "pass" for the domain of From. {{gmail via=D spf=R dkim=R dmarc=R}}
//     changes the sending domain and the results.
//
// Dates are relative to the moment of loading. An offset is -12d (days), -12b (working days, so that offices do not
// write on Sundays), +3b, -2h, -25m; a clock time such as 09:14 follows days. The placeholders are
//
//	{{date -12b 09:14}}    Tue, 03 Mar 2026 09:14:00 +0000, the form of the Date header
//	{{when -12b 09:14}}    Tue, 3 Mar 2026 at 09:14, the form above a quoted reply
//	{{day -12b}}           Tuesday 3 March       {{us -12b}}      Tuesday, March 3
//	{{long -12b}}          3 March 2026          {{iso -12b}}     2026-03-03
//	{{weekday -12b}}       Tuesday               {{month -12b}}   March
//	{{short -12b}}         3 Mar                 {{clock -2h}}    14:05
//	{{ics +3b 14:00}}      20260306T140000Z      {{icsday +3b}}   20260306
//	{{de -12b}} {{fr -12b}} {{es -12b}} {{ja -12b}}   the day in German, French, Spanish and Japanese
//
// The identity of a message is its Message-ID, which never changes; its dates move with the moment of loading.
// Truths says for each received message what it is, for tests that score a judgement; nothing of it is in the mail.
package sample

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Owner is the address of the sample mailbox's owner.
const Owner = "robin.avery@example.com"

const ownerMailbox = "Robin Avery <" + Owner + ">"

//go:embed mailbox/*.mbox.txt
var mailbox embed.FS

//go:embed files
var files embed.FS

// A Message is one mail as Gmail would hand it over.
type Message struct {
	Raw    []byte   // RFC 5322, lines end in CRLF
	Labels []string // Gmail's names (INBOX, UNREAD, STARRED, SENT, SPAM, TRASH) or the owner's own, such as "Flat hunt"
}

// Messages returns the sample mailbox as it would stand at now, in now's time zone: no message is dated after now or
// more than 71 days before it. Calling it again, later, gives the same Message-IDs. It panics when the embedded files
// are malformed, which the tests rule out.
func Messages(now time.Time) []Message {
	names, err := fs.Glob(mailbox, "mailbox/*.mbox.txt")
	if err != nil {
		panic(err)
	}
	var all []Message
	for _, name := range names {
		data, err := fs.ReadFile(mailbox, name)
		if err != nil {
			panic(err)
		}
		for i, src := range split(string(data)) {
			raw, err := build(src, now)
			if err != nil {
				panic(fmt.Sprintf("%s, message %d: %v", name, i+1, err))
			}
			all = append(all, Message{Raw: raw, Labels: src.labels})
		}
	}
	return all
}

// A source is one message as it is written in a mailbox file.
type source struct {
	labels []string
	lines  []string
}

// sent says whether the owner wrote the message.
func (s source) sent() bool {
	for _, l := range s.labels {
		if l == "SENT" {
			return true
		}
	}
	return false
}

func split(file string) []source {
	var all []source
	for line := range strings.Lines(file) {
		line = strings.TrimRight(line, "\r\n")
		if labels, ok := strings.CutPrefix(line, "From - "); ok {
			var s source
			for label := range strings.SplitSeq(labels, ",") {
				if label = strings.TrimSpace(label); label != "" {
					s.labels = append(s.labels, label)
				}
			}
			all = append(all, s)
			continue
		}
		if len(all) > 0 {
			last := &all[len(all)-1]
			last.lines = append(last.lines, line)
		}
	}
	return all
}
