package ingest

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"applylens/internal/db"
)

// maxReferences bounds how many message ids of one mail are followed: the root and the nearest.
const maxReferences = 50

// An idHash stands for a message id, be it of a mail we have or of one that was only referred to (a ghost).
type idHash [16]byte

func hashID(id string) idHash {
	sum := sha256.Sum256([]byte(id))
	return idHash(sum[:16])
}

// links are the ids that tie a mail to a thread: its own first, then the nearest ancestor to the farthest. Gmail's
// own thread id is authoritative where there is one.
func (m *item) links() []idHash {
	ids := []idHash{hashID(m.messageID)}
	if m.raw.GmailThreadID != "" {
		return append(ids, hashID("gmail-thread:"+m.raw.GmailThreadID))
	}
	refs := slices.Clone(m.mail.References)
	if len(refs) > maxReferences {
		refs = append(refs[:1:1], refs[len(refs)-maxReferences+1:]...)
	}
	if m.mail.InReplyTo != "" {
		refs = append(refs, m.mail.InReplyTo)
	}
	slices.Reverse(refs)
	for _, ref := range refs {
		if id := hashID(ref); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// assignThreads gives each mail its thread and returns all threads that changed. Every id that a mail mentions points
// to one thread, also when the mail with that id never came (a ghost root) or when mails refer to each other in a
// loop; a mail that ties two threads together merges them, but only if they have the same subject, so that a hostile
// mail cannot weld strangers. The result does not depend on the order in which mails come, subjects apart.
func assignThreads(ctx context.Context, q *db.Queries, userID int64, mails []*item) (changed []int64, err error) {
	for _, m := range mails {
		m.threadID = 0 // of an attempt that was rolled back
	}
	t, err := loadThreads(ctx, q, userID, mails)
	if err != nil {
		return nil, err
	}
	for _, m := range mails {
		if err := t.assign(ctx, q, m); err != nil {
			return nil, err
		}
	}
	for _, m := range mails {
		m.threadID = t.current(m.threadID)
	}
	return t.save(ctx, q, mails)
}

// threads is what is known of the threads a batch touches.
type threads struct {
	userID  int64
	byID    map[idHash]int64
	subject map[int64]string // base subjects
	merged  map[int64]int64  // thread → the one it went into
	fresh   []idHash         // ids not stored yet
	unused  []int64          // thread ids from the sequence
}

func loadThreads(ctx context.Context, q *db.Queries, userID int64, mails []*item) (*threads, error) {
	t := &threads{userID: userID, byID: map[idHash]int64{}, subject: map[int64]string{}, merged: map[int64]int64{}}
	var hashes [][]byte
	for _, m := range mails {
		for _, id := range m.links() {
			hashes = append(hashes, id[:])
		}
	}
	found, err := q.ThreadIDFind(ctx, db.ThreadIDFindParams{UserID: userID, IDHashes: hashes})
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, f := range found {
		t.byID[idHash(f.IDHash)] = f.ThreadID
		ids = append(ids, f.ThreadID)
	}
	if len(ids) > 0 {
		subjects, err := q.ThreadSubjects(ctx, db.ThreadSubjectsParams{UserID: userID, Ids: ids})
		if err != nil {
			return nil, err
		}
		for _, s := range subjects {
			t.subject[s.ID] = baseSubject(s.Subject)
		}
	}
	t.unused, err = q.ThreadIDs(ctx, int32(len(mails)))
	return t, err
}

func (t *threads) current(id int64) int64 {
	for {
		into, ok := t.merged[id]
		if !ok {
			return id
		}
		id = into
	}
}

func (t *threads) assign(ctx context.Context, q *db.Queries, m *item) error {
	links := m.links()
	base := baseSubject(m.mail.Subject)
	for _, id := range links {
		thread, ok := t.byID[id]
		if !ok {
			continue
		}
		thread = t.current(thread)
		switch {
		case m.threadID == 0:
			m.threadID = thread
		case thread != m.threadID && t.subject[thread] == t.subject[m.threadID]:
			if err := t.merge(ctx, q, thread, m.threadID); err != nil {
				return err
			}
		}
	}
	if m.threadID == 0 {
		m.threadID, t.unused = t.unused[0], t.unused[1:]
		t.subject[m.threadID] = base
	}
	for _, id := range links {
		if _, ok := t.byID[id]; !ok {
			t.byID[id] = m.threadID
			t.fresh = append(t.fresh, id)
		}
	}
	return nil
}

func (t *threads) merge(ctx context.Context, q *db.Queries, from, into int64) error {
	t.merged[from] = into
	if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: t.userID, Ids: []int64{from, into}}); err != nil {
		return err
	}
	if err := q.ThreadMergeEmails(ctx, db.ThreadMergeEmailsParams{UserID: t.userID, FromID: from, IntoID: into}); err != nil {
		return err
	}
	return q.ThreadMergeIDs(ctx, db.ThreadMergeIDsParams{UserID: t.userID, FromID: from, IntoID: into})
}

func (t *threads) save(ctx context.Context, q *db.Queries, mails []*item) (changed []int64, err error) {
	p := db.ThreadIDInsertParams{UserID: t.userID}
	for _, id := range t.fresh {
		p.IDHashes = append(p.IDHashes, id[:])
		p.ThreadIds = append(p.ThreadIds, t.current(t.byID[id]))
	}
	if err := q.ThreadIDInsert(ctx, p); err != nil {
		return nil, err
	}
	for from := range t.merged {
		changed = append(changed, from) // has no mail left: ThreadRefresh removes it
	}
	for _, m := range mails {
		changed = append(changed, m.threadID)
	}
	slices.Sort(changed)
	return slices.Compact(changed), nil
}

// baseSubject is a subject without its reply and forward prefixes, lower case, spaces made single.
func baseSubject(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	for {
		prefix, rest, ok := strings.Cut(s, ":")
		if !ok || !replyPrefix(prefix) {
			return s
		}
		s = strings.TrimSpace(rest)
	}
}

func replyPrefix(p string) bool {
	p, _, _ = strings.Cut(p, "[") // Re[2]
	switch strings.TrimSpace(p) {
	case "re", "fw", "fwd", "aw", "wg", "sv", "vs", "antw", "rv", "res", "enc", "tr", "réf", "odp", "回复", "转发", "答复":
		return true
	}
	return false
}

// readThreads gives each mail the texts that precede it in its thread, from the batch or from what is stored.
func (in *Ingest) readThreads(ctx context.Context, box Mailbox, b *batch) error {
	byID := make(map[string]*item, len(b.mails))
	for _, m := range b.mails {
		byID[m.messageID] = m
	}
	waiting := map[idHash][]*item{}
	var hashes [][]byte
	for _, m := range b.mails {
		parent := m.parent()
		if parent == "" {
			continue
		}
		if p := byID[parent]; p != nil && p != m {
			m.before = append(m.before, p.mail.VisibleText)
			continue
		}
		id := hashID(parent)
		if waiting[id] == nil {
			hashes = append(hashes, id[:])
		}
		waiting[id] = append(waiting[id], m)
	}
	if len(hashes) == 0 {
		return nil
	}
	q := in.DB.As(box.UserID)
	found, err := q.ThreadIDFind(ctx, db.ThreadIDFindParams{UserID: box.UserID, IDHashes: hashes})
	if err != nil || len(found) == 0 {
		return err
	}
	byThread := map[int64][]*item{}
	var ids []int64
	for _, f := range found {
		if byThread[f.ThreadID] == nil {
			ids = append(ids, f.ThreadID)
		}
		byThread[f.ThreadID] = append(byThread[f.ThreadID], waiting[idHash(f.IDHash)]...)
	}
	texts, err := q.ThreadTexts(ctx, db.ThreadTextsParams{UserID: box.UserID, Ids: ids})
	for _, t := range texts {
		for _, m := range byThread[t.ThreadID] {
			m.before = append(m.before, t.Visible)
		}
	}
	return err
}

func (m *item) parent() string {
	if n := len(m.mail.References); m.mail.InReplyTo == "" && n > 0 {
		return m.mail.References[n-1]
	}
	return m.mail.InReplyTo
}
