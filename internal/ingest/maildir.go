package ingest

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"
)

// isMaildir reports whether a folder with these entries is a Maildir.
func isMaildir(entries []os.DirEntry) bool {
	for _, e := range entries {
		if e.IsDir() && isMaildirLeaf(e.Name()) {
			return true
		}
	}
	return false
}

func isMaildirLeaf(name string) bool { return name == "cur" || name == "new" }

// hasMaildir reports whether dir is a Maildir, or a hidden folder with one inside.
func hasMaildir(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && isMaildir(entries)
}

// planMaildir lists the files of one cur or new folder.
func (w *walk) planMaildir(files []found, root, dir string) []found {
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.problem(dir, err)
		return files
	}
	folder := maildirFolder(root, filepath.Dir(dir))
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.Type()&os.ModeSymlink != 0:
			w.checkLink(root, path)
		case e.IsDir() || strings.HasPrefix(e.Name(), "."):
		default:
			files = w.planFile(files, path, e, maildirLabels(folder, filepath.Base(dir), e.Name()))
		}
	}
	return files
}

// maildirFolder names the folder of a Maildir within root: "" for root itself, "Clients/Acme" for .Clients.Acme.
func maildirFolder(root, dir string) string {
	rel, err := filepath.Rel(root, dir)
	if err != nil || rel == "." {
		return ""
	}
	parts := strings.Split(filepath.ToSlash(rel), "/")
	last := parts[len(parts)-1]
	if strings.HasPrefix(last, ".") { // Maildir++
		return decodeUTF7Name(strings.ReplaceAll(last[1:], ".", "/"))
	}
	return decodeUTF7Name(strings.Join(parts, "/"))
}

// maildirFileLabels reads the labels of one file that lies in a cur or new folder, by its path; nil elsewhere.
func maildirFileLabels(path string) []string {
	leaf := filepath.Base(filepath.Dir(path))
	if !isMaildirLeaf(leaf) {
		return nil
	}
	folder := filepath.Dir(filepath.Dir(path))
	name := ""
	if base := filepath.Base(folder); strings.HasPrefix(base, ".") && len(base) > 1 && base != ".." {
		name = maildirFolder(filepath.Dir(folder), folder)
	} else if label, ok := folderLabel(base); ok && label != "" && label != "INBOX" {
		name = base
	}
	return maildirLabels(name, leaf, filepath.Base(path))
}

// maildirLabels tells the labels by folder and flags (https://cr.yp.to/proto/maildir.html): S seen, F flagged, T trashed,
// D draft; in new, or without S, a mail is unread.
func maildirLabels(folder, leaf, name string) []string {
	labels := []string{}
	add := func(label string) {
		if label != "" && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	label, known := folderLabel(folder)
	if !known {
		label = folder
	}
	add(label)
	flags := ""
	if i := strings.LastIndex(name, "2,"); i > 0 && strings.ContainsRune(":;!-", rune(name[i-1])) {
		flags = name[i+2:]
	}
	if leaf == "new" || !strings.Contains(flags, "S") {
		add("UNREAD")
	}
	for _, f := range flags {
		switch f {
		case 'F':
			add("STARRED")
		case 'T':
			add("TRASH")
			labels = slices.DeleteFunc(labels, func(l string) bool { return l == "INBOX" })
		case 'D':
			add("DRAFT")
			labels = slices.DeleteFunc(labels, func(l string) bool { return l == "INBOX" })
		}
	}
	return labels
}

// folderLabel maps the usual names of folders to Gmail's labels; "" is an archive, which has none.
func folderLabel(folder string) (label string, known bool) {
	name := strings.ToLower(folder)
	name = strings.TrimPrefix(strings.TrimPrefix(name, "inbox/"), "[gmail]/")
	switch name {
	case "", "inbox":
		return "INBOX", true
	case "archive", "archives", "all mail", "archiv":
		return "", true
	case "junk", "junk e-mail", "junk email", "bulk mail", "junk-e-mail":
		return "SPAM", true
	case "deleted files", "deleted messages", "deleted", "gelöschte elemente":
		return "TRASH", true
	case "sent files", "sent messages", "sent-mail", "gesendete elemente", "gesendete objekte", "éléments envoyés", "elementos enviados":
		return "SENT", true
	}
	if label, ok := systemLabels[name]; ok && label != "" {
		return label, true
	}
	return "", false
}

// decodeUTF7Name decodes the modified UTF-7 of IMAP folder names (RFC 3501, section 5.1.3).
func decodeUTF7Name(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return strings.ToValidUTF8(b.String(), "\uFFFD")
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		run, rest, ok := strings.Cut(s, "-")
		if !ok {
			b.WriteString("&" + s)
			return strings.ToValidUTF8(b.String(), "\uFFFD")
		}
		raw, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(run, ",", "/"))
		switch {
		case run == "":
			b.WriteByte('&')
		case err != nil:
			b.WriteString("&" + run + "-")
		default:
			units := make([]uint16, 0, len(raw)/2)
			for j := 0; j+1 < len(raw); j += 2 {
				units = append(units, uint16(raw[j])<<8|uint16(raw[j+1]))
			}
			b.WriteString(string(utf16.Decode(units)))
		}
		s = rest
	}
}
