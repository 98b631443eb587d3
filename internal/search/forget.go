package search

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/search/postings"
)

// Deleted emails are noted first and taken out of their segments later: with a merge, by EraseAll, or when more than
// a deadShare-th of all mail is noted, but no fewer than fewDead and no more than mostDead. Then the segments with most
// of them are written anew until half as many are left, so that a deletion costs the writing of some thirty mails at most.
const (
	fewDead   = 50
	mostDead  = 10_000
	deadShare = 16
)

// Forget takes emails out of all searches, in the transaction that deletes them. Their words may stand in the index until
// EraseAll. The caller holds the owner's IngestLock.
func Forget(ctx context.Context, q *db.Queries, userID int64, emailIDs []int64) error {
	if len(emailIDs) == 0 {
		return nil
	}
	if err := q.SearchDeadInsert(ctx, db.SearchDeadInsertParams{UserID: userID, Ids: emailIDs}); err != nil {
		return fmt.Errorf("search: note deleted emails: %w", err)
	}
	dead, err := readDead(ctx, q, userID)
	if err != nil || len(dead) <= fewDead {
		return err
	}
	rows, err := q.SearchSegmentList(ctx, userID)
	if err != nil {
		return fmt.Errorf("search: list segments: %w", err)
	}
	mails := 0
	for _, r := range rows {
		mails += int(r.Mails)
	}
	limit := min(max(mails/deadShare, fewDead), mostDead)
	if len(dead) <= limit {
		return nil
	}
	return shrink(ctx, q, userID, rows, dead, limit/2)
}

// shrink writes segments anew, those with most deleted emails first, until so many deleted ones are left.
func shrink(ctx context.Context, q *db.Queries, userID int64, rows []db.SearchSegmentListRow, dead map[int64]bool, left int) error {
	counts := make([]int, len(rows))
	total := 0
	for i, r := range rows {
		n, err := deadIn(ctx, q, userID, r.ID, dead)
		if err != nil {
			return err
		}
		counts[i] = n
		total += n
	}
	for total > left {
		most := 0
		for i, n := range counts {
			if n > counts[most] {
				most = i
			}
		}
		if err := replace(ctx, q, userID, []int64{rows[most].ID}); err != nil {
			return err
		}
		total, counts[most] = total-counts[most], 0
	}
	return nil
}

// EraseAll takes the words of deleted emails out of the index, one segment a transaction. It is safe to run again.
func EraseAll(ctx context.Context, d *db.DB, userID int64) error {
	for done := false; !done; {
		err := d.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) (err error) {
			if err := q.IngestLock(ctx, userID); err != nil {
				return err
			}
			done, err = Erase(ctx, q, userID)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Erase takes the words of deleted emails out of the next segment; done means that none are left. The caller holds the
// owner's IngestLock.
func Erase(ctx context.Context, q *db.Queries, userID int64) (done bool, err error) {
	dead, err := readDead(ctx, q, userID)
	if err != nil || len(dead) == 0 {
		return err == nil, err
	}
	rows, err := q.SearchSegmentList(ctx, userID)
	if err != nil {
		return false, fmt.Errorf("search: list segments: %w", err)
	}
	for _, r := range rows {
		n, err := deadIn(ctx, q, userID, r.ID, dead)
		if err != nil {
			return false, err
		}
		if n > 0 {
			return false, replace(ctx, q, userID, []int64{r.ID})
		}
	}
	return true, removeDead(ctx, q, userID, dead) // of emails that never were in the index
}

func readDead(ctx context.Context, q *db.Queries, userID int64) (map[int64]bool, error) {
	ids, err := q.SearchDeadList(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("search: list deleted emails: %w", err)
	}
	dead := make(map[int64]bool, len(ids))
	for _, id := range ids {
		dead[id] = true
	}
	return dead, nil
}

// deadIn counts the deleted emails of a segment.
func deadIn(ctx context.Context, q *db.Queries, userID, segment int64, dead map[int64]bool) (n int, err error) {
	rows, err := q.SearchSegmentDocs(ctx, db.SearchSegmentDocsParams{UserID: userID, Ids: []int64{segment}})
	if err != nil {
		return 0, fmt.Errorf("search: read segments: %w", err)
	}
	for _, row := range rows {
		docs, err := postings.DecodeDocs(row.Docs)
		if err != nil {
			return 0, fmt.Errorf("search: segment %d: %w", segment, err)
		}
		for i := range docs {
			if dead[docs[i].ID] {
				n++
			}
		}
	}
	return n, nil
}

// buried removes the notes of deleted emails that segments held before they were written anew.
func buried(ctx context.Context, q *db.Queries, userID int64, segments []postings.Segment, dead map[int64]bool) error {
	gone := map[int64]bool{}
	for _, s := range segments {
		for i := range s.Docs {
			if dead[s.Docs[i].ID] {
				gone[s.Docs[i].ID] = true
			}
		}
	}
	return removeDead(ctx, q, userID, gone)
}

func removeDead(ctx context.Context, q *db.Queries, userID int64, gone map[int64]bool) error {
	if len(gone) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(gone))
	for id := range gone {
		ids = append(ids, id)
	}
	if err := q.SearchDeadDelete(ctx, db.SearchDeadDeleteParams{UserID: userID, Ids: ids}); err != nil {
		return fmt.Errorf("search: forget deleted emails: %w", err)
	}
	return nil
}
