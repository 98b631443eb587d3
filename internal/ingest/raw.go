package ingest

import "fmt"

// Limits of Walk. A message beyond MaxMailBytes is kept with its first part; an archive beyond one of the others is
// left at that point with a SourceError, and what was read of it stays.
const (
	MaxMailBytes      = 64 << 20 // of one message
	MaxArchiveEntries = 2_000_000
	MaxArchiveBytes   = 256 << 30 // unpacked, of one archive
	MaxArchiveRatio   = 250       // unpacked to packed, once more than archiveRatioFrom was unpacked
	MaxArchiveDepth   = 3         // packings within packings; a .tar.gz is two
	archiveRatioFrom  = 32 << 20
)

// A Raw is one mail as it was found. Bytes belong to the receiver.
type Raw struct {
	Source string // path, with "!entry" for an entry of an archive
	Offset int64  // of the "From " line in an mbox (unpacked), else 0
	Bytes  []byte // without the "From " line and its quoting
	// Labels are Gmail names (INBOX, UNREAD, STARRED, SENT, TRASH, SPAM, DRAFT, IMPORTANT, CATEGORY_…) or the person's
	// own labels. A source that knows no labels gives INBOX, read: only a state that the source tells makes a mail
	// UNREAD. Labels of Gmail are taken as they are: an archived mail has none.
	Labels        []string
	GmailThreadID string // decimal, from X-GM-THRID, else ""
	Truncated     bool   // longer than MaxMailBytes: Bytes holds the first part
	Gmail         *Gmail // for mail of a connected account
}

// A SourceError says in a sentence what is wrong with one source. The walk goes on with the next.
type SourceError struct {
	Source string
	Err    error
}

// Error returns "source: sentence".
func (e *SourceError) Error() string { return fmt.Sprintf("%s: %v", e.Source, e.Err) }

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }

// A Progress tells how far a walk is. Done and Total count bytes of files as they lie on the disk, packed ones packed.
type Progress struct {
	Source string // what is read now
	Done   int64
	Total  int64
	Mails  int64 // found so far
}
