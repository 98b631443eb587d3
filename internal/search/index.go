package search

import (
	"context"
	"fmt"
	"math/bits"
	"time"

	"applylens/internal/db"
	"applylens/internal/search/postings"
)

// Segments are merged when mergeSegments of about one size have gathered, if the result stays within maxSegment mails.
const (
	mergeSegments = 8
	maxSegment    = postings.MaxDocs
)

// A Batch gathers the words of emails that are stored together. The zero value is ready.
type Batch struct{ builder postings.Builder }

// Add adds the next email.
func (b *Batch) Add(received time.Time, l Lexemes) {
	doc := postings.Doc{At: received.Unix(), Starts: l.starts, Length: uint32(max(l.length, 0))}
	b.builder.Add(doc, l.words, l.ends, l.places)
}

// A Segment is a finished Batch.
type Segment struct{ s postings.Segment }

// Segment ends the batch.
func (b *Batch) Segment() Segment { return Segment{b.builder.Segment()} }

// Store writes the segment of emails, whose ids are in the order in which they were added, and merges segments that
// have become too many. The caller holds the owner's IngestLock; the emails are findable when its transaction commits.
func (s Segment) Store(ctx context.Context, q *db.Queries, userID int64, ids []int64) error {
	if len(ids) != len(s.s.Docs) {
		return fmt.Errorf("search: %d ids for a segment of %d emails", len(ids), len(s.s.Docs))
	}
	for i, id := range ids {
		s.s.Docs[i].ID = id
	}
	if err := insertSegment(ctx, q, userID, s.s); err != nil {
		return err
	}
	for {
		merged, err := mergeOnce(ctx, q, userID)
		if err != nil || !merged {
			return err
		}
	}
}

func insertSegment(ctx context.Context, q *db.Queries, userID int64, s postings.Segment) error {
	if len(s.Docs) == 0 {
		return nil
	}
	id, err := q.SearchSegmentInsert(ctx, db.SearchSegmentInsertParams{UserID: userID, Mails: int32(len(s.Docs)), Words: s.Words(), Docs: postings.EncodeDocs(s.Docs)})
	if err != nil {
		return fmt.Errorf("search: store a segment: %w", err)
	}
	const step = 512 // blocks of one statement
	for at := 0; at < len(s.Blocks); at += step {
		p := db.SearchBlockInsertParams{UserID: userID, SegmentID: id}
		for _, b := range s.Blocks[at:min(at+step, len(s.Blocks))] {
			p.Firsts, p.Postings, p.Places = append(p.Firsts, b.First), append(p.Postings, b.Postings), append(p.Places, b.Places)
		}
		if err := q.SearchBlockInsert(ctx, p); err != nil {
			return fmt.Errorf("search: store blocks: %w", err)
		}
	}
	return nil
}

// mergeOnce merges the oldest mergeSegments of one tier, the powers of 8 of their sizes, if there are so many.
func mergeOnce(ctx context.Context, q *db.Queries, userID int64) (bool, error) {
	rows, err := q.SearchSegmentList(ctx, userID)
	if err != nil {
		return false, fmt.Errorf("search: list segments: %w", err)
	}
	var tiers [12][]db.SearchSegmentListRow
	for _, r := range rows {
		t := (bits.Len32(uint32(r.Mails)) - 1) / 3
		if tiers[t] = append(tiers[t], r); len(tiers[t]) < mergeSegments {
			continue
		}
		var ids []int64
		mails := 0
		for _, r := range tiers[t] {
			ids = append(ids, r.ID)
			mails += int(r.Mails)
		}
		if mails <= maxSegment {
			return true, replace(ctx, q, userID, ids)
		}
		tiers[t] = tiers[t][1:]
	}
	return false, nil
}

// replace merges segments into one, without the emails that were deleted.
func replace(ctx context.Context, q *db.Queries, userID int64, ids []int64) error {
	segments, err := readSegments(ctx, q, userID, ids)
	if err != nil {
		return err
	}
	dead, err := readDead(ctx, q, userID)
	if err != nil {
		return err
	}
	merged, err := postings.Merge(segments, dead)
	if err != nil {
		return err
	}
	if err := q.SearchBlockDelete(ctx, db.SearchBlockDeleteParams{UserID: userID, Ids: ids}); err != nil {
		return fmt.Errorf("search: delete blocks: %w", err)
	}
	if err := q.SearchSegmentDelete(ctx, db.SearchSegmentDeleteParams{UserID: userID, Ids: ids}); err != nil {
		return fmt.Errorf("search: delete segments: %w", err)
	}
	if err := insertSegment(ctx, q, userID, merged); err != nil {
		return err
	}
	return buried(ctx, q, userID, segments, dead)
}

func readSegments(ctx context.Context, q *db.Queries, userID int64, ids []int64) ([]postings.Segment, error) {
	docs, err := q.SearchSegmentDocs(ctx, db.SearchSegmentDocsParams{UserID: userID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("search: read segments: %w", err)
	}
	blocks, err := q.SearchBlockList(ctx, db.SearchBlockListParams{UserID: userID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("search: read blocks: %w", err)
	}
	segments := make([]postings.Segment, len(docs))
	at := map[int64]int{}
	for i, d := range docs {
		at[d.ID] = i
		if segments[i].Docs, err = postings.DecodeDocs(d.Docs); err != nil {
			return nil, fmt.Errorf("search: segment %d: %w", d.ID, err)
		}
	}
	for _, b := range blocks {
		s := &segments[at[b.SegmentID]]
		s.Blocks = append(s.Blocks, postings.Block{First: b.First, Postings: b.Postings, Places: b.Places})
	}
	return segments, nil
}

// Missing returns the ids of the owner's emails that are not in the index, in order, and the number of all emails.
func Missing(ctx context.Context, q *db.Queries, userID int64) (missing []int64, mails int, err error) {
	rows, err := q.SearchSegmentList(ctx, userID)
	if err != nil {
		return nil, 0, fmt.Errorf("search: list segments: %w", err)
	}
	indexed := map[int64]bool{}
	for _, r := range rows {
		docs, err := q.SearchSegmentDocs(ctx, db.SearchSegmentDocsParams{UserID: userID, Ids: []int64{r.ID}})
		if err != nil {
			return nil, 0, fmt.Errorf("search: read segments: %w", err)
		}
		for _, d := range docs { // none when it was merged just now
			all, err := postings.DecodeDocs(d.Docs)
			if err != nil {
				return nil, 0, fmt.Errorf("search: segment %d: %w", r.ID, err)
			}
			for i := range all {
				indexed[all[i].ID] = true
			}
		}
	}
	ids, err := q.SearchEmailIDs(ctx, userID)
	if err != nil {
		return nil, 0, fmt.Errorf("search: list emails: %w", err)
	}
	for _, id := range ids {
		if !indexed[id] {
			missing = append(missing, id)
		}
	}
	return missing, len(ids), nil
}
