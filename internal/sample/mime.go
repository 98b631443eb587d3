package sample

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"path"
	"regexp"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

var (
	directive = regexp.MustCompile(`^\{\{(part|open|close|file) ?([^{}]*)\}\}$`)
	phrase    = regexp.MustCompile(`^(.*?)( <[^<>]+>)$`)
)

// writeEntity writes a header and its body; id makes the boundaries of its multiparts unique.
func writeEntity(w *bytes.Buffer, head, body []string, id string) error {
	media, params, err := mime.ParseMediaType(get(head, "Content-Type"))
	if err != nil {
		return fmt.Errorf("Content-Type %q: %w", get(head, "Content-Type"), err)
	}
	if strings.HasPrefix(media, "multipart/") {
		boundary := "=_" + digest(id + media)[:24]
		for i, l := range head {
			if strings.HasPrefix(strings.ToLower(l), "content-type:") {
				head[i] = l + `; boundary="` + boundary + `"`
			}
		}
		writeHeader(w, head)
		return writeParts(w, body, boundary, id)
	}
	if strings.HasPrefix(media, "text/") && params["charset"] == "" {
		head[0] += `; charset="UTF-8"` // only a part leaves it out, and its first line is its type
	}
	content, err := contentOf(body, params["charset"])
	if err != nil {
		return err
	}
	encoding := strings.ToLower(get(head, "Content-Transfer-Encoding"))
	if encoding == "" && media != "message/rfc822" && needsEncoding(content) {
		encoding = "quoted-printable"
		head = append(head, "Content-Transfer-Encoding: "+encoding)
	}
	writeHeader(w, head)
	return writeContent(w, content, encoding)
}

// contentOf returns the bytes of a body: a file's as they are, text in its charset with lines that end in CRLF.
func contentOf(body []string, charset string) ([]byte, error) {
	if len(body) > 0 {
		if m := directive.FindStringSubmatch(body[0]); m != nil && m[1] == "file" {
			return files.ReadFile(path.Join("files", m[2]))
		}
	}
	content := []byte(strings.Join(body, "\r\n") + "\r\n")
	switch strings.ToLower(charset) {
	case "", "utf-8", "us-ascii":
		return content, nil
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return nil, fmt.Errorf("charset %s: %w", charset, err)
	}
	if content, err = enc.NewEncoder().Bytes(content); err != nil {
		return nil, fmt.Errorf("charset %s: %w", charset, err)
	}
	return content, nil
}

// writeParts writes the parts of a multipart body, each begun by {{part TYPE}} or {{open TYPE}}.
func writeParts(w *bytes.Buffer, body []string, boundary, id string) error {
	depth, n := 0, 0
	var part []string
	flush := func() error {
		if part == nil {
			return nil
		}
		n++
		fmt.Fprintf(w, "--%s\r\n", boundary)
		head, content := cut(part)
		part = nil
		return writeEntity(w, head, content, fmt.Sprint(id, n))
	}
	for _, line := range body {
		m := directive.FindStringSubmatch(line)
		switch {
		case m != nil && depth == 0 && m[1] == "part", m != nil && depth == 0 && m[1] == "open":
			if err := flush(); err != nil {
				return err
			}
			part = []string{"Content-Type: " + m[2]}
			if m[1] == "open" {
				part = append(part, "")
				depth = 1
			}
		case m != nil && m[1] == "close" && depth == 1:
			depth = 0
		default:
			if m != nil && m[1] == "open" {
				depth++
			} else if m != nil && m[1] == "close" {
				depth--
			}
			if part == nil && line != "" {
				return fmt.Errorf("line %q before the first part", line)
			}
			if part != nil {
				part = append(part, line)
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "--%s--\r\n", boundary)
	return nil
}

func writeHeader(w *bytes.Buffer, head []string) {
	for _, l := range head {
		w.WriteString(encodeHeader(l))
		w.WriteString("\r\n")
	}
	w.WriteString("\r\n")
}

// encodeHeader writes what is not ASCII as encoded words, leaving the address of a mailbox alone.
func encodeHeader(line string) string {
	if ascii([]byte(line)) {
		return line
	}
	name, value, _ := strings.Cut(line, ": ")
	address := ""
	if m := phrase.FindStringSubmatch(value); m != nil {
		value, address = m[1], m[2]
	}
	enc := mime.QEncoding
	if name == "Subject" && len(value)%2 == 0 {
		enc = mime.BEncoding // real senders use either
	}
	return name + ": " + strings.ReplaceAll(enc.Encode("UTF-8", strings.Trim(value, `"`)), "?= =?", "?=\r\n =?") + address
}

func writeContent(w *bytes.Buffer, content []byte, encoding string) error {
	switch encoding {
	case "base64":
		text := base64.StdEncoding.EncodeToString(content)
		for len(text) > 76 {
			w.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		w.WriteString(text + "\r\n")
	case "quoted-printable":
		q := quotedprintable.NewWriter(w)
		if _, err := q.Write(content); err != nil {
			return err
		}
		return q.Close()
	default:
		w.Write(content)
	}
	return nil
}

func needsEncoding(content []byte) bool {
	for line := range bytes.Lines(content) {
		if len(line) > 200 {
			return true
		}
	}
	return !ascii(content)
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
