package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/views"
)

// A cursor is a place in a list: just after the thread with this time and id.
type cursor struct {
	at time.Time
	id int64
}

// String is the cursor as it stands in a URL.
func (c cursor) String() string {
	return strconv.FormatInt(c.at.UnixMicro(), 36) + "-" + strconv.FormatInt(c.id, 36)
}

// Times between the years 1 and 9999, in microseconds: Postgres does not take all others.
const (
	minMicros = -62135596800_000000
	maxMicros = 253402300799_999999
)

func readCursor(text string) (*cursor, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no cursor is the start of the list
	}
	micros, id, ok := strings.Cut(text, "-")
	if !ok {
		return nil, errs.NotFound
	}
	at, err := strconv.ParseInt(micros, 36, 64)
	if err != nil || at < minMicros || at > maxMicros {
		return nil, errs.NotFound
	}
	n, err := strconv.ParseInt(id, 36, 64)
	if err != nil {
		return nil, errs.NotFound
	}
	return &cursor{time.UnixMicro(at), n}, nil
}

// readFilter reads which list a URL asks for.
func readFilter(q url.Values) (views.Filter, error) {
	f := views.Filter{In: q.Get("in"), Split: q.Get("split"), Category: q.Get("category"), Label: q.Get("label")}
	if f.In == "inbox" {
		f.In = ""
	}
	if _, ok := places[f.In]; !ok {
		return f, errs.NotFound
	}
	switch f.Split {
	case "", "action", "applications", "other":
		return f, nil
	}
	return f, errs.NotFound
}

// places says which threads lie in a place. The conditions are those of the partial indexes of threads, word by word,
// which is why the lists below are put together here and not by parameters of one query.
var places = map[string]string{
	"":           "in_inbox",
	"archive":    "in_archive and not in_inbox",
	"sent":       "in_sent",
	"drafts":     "in_drafts",
	"starred":    "starred",
	"snoozed":    "snoozed_until is not null",
	"spam":       "in_spam",
	"trash":      "in_trash",
	"quarantine": "in_quarantine",
	"all":        "true",
}

// listWhere is the condition of a list; its arguments begin with the owner.
func (s *Server) listWhere(ctx context.Context, userID int64, f views.Filter) (string, []any, error) {
	where, args := "user_id = $1 and "+places[f.In], []any{userID}
	if f.Label != "" {
		id, err := s.DB.As(userID).InboxLabelID(ctx, db.InboxLabelIDParams{UserID: userID, Name: f.Label})
		if errors.Is(err, pgx.ErrNoRows) {
			return "", nil, errs.NotFound
		}
		if err != nil {
			return "", nil, err
		}
		args = append(args, id)
		if f.In == "" {
			where = "user_id = $1 and not in_trash and not in_spam"
		}
		where += ` and exists (select from email_labels l join emails e on e.user_id = l.user_id and e.id = l.email_id
			where l.user_id = $1 and l.label_id = $2 and e.thread_id = threads.id)`
	}
	if f.Category != "" {
		args = append(args, f.Category)
		where += fmt.Sprintf(" and category = $%d", len(args))
	}
	if f.Split != "" {
		args = append(args, f.Split)
		where += fmt.Sprintf(" and split = $%d", len(args))
	}
	return where, args, nil
}

// listIDs returns the ids of a list's threads after a cursor, newest first.
func (s *Server) listIDs(ctx context.Context, userID int64, f views.Filter, after *cursor, limit int) ([]int64, error) {
	where, args, err := s.listWhere(ctx, userID, f)
	if err != nil {
		return nil, err
	}
	if after != nil {
		args = append(args, after.at, after.id)
		where += fmt.Sprintf(" and (last_at, id) < ($%d, $%d)", len(args)-1, len(args))
	}
	args = append(args, limit)
	rows, err := s.DB.Owner(userID).Query(ctx, fmt.Sprintf("select id from threads where %s order by last_at desc, id desc limit $%d", where, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list threads: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// listNeighbours returns the ids of the threads before (newer) and after (older) a place in a list; 0 where it ends.
func (s *Server) listNeighbours(ctx context.Context, userID int64, f views.Filter, at cursor) (newer, older int64, err error) {
	where, args, err := s.listWhere(ctx, userID, f)
	if err != nil {
		return 0, 0, err
	}
	args = append(args, at.at, at.id)
	a, b := len(args)-1, len(args)
	err = s.DB.Owner(userID).QueryRow(ctx, fmt.Sprintf(`select
		coalesce((select id from threads where %[1]s and (last_at, id) > ($%[2]d, $%[3]d) order by last_at, id limit 1), 0),
		coalesce((select id from threads where %[1]s and (last_at, id) < ($%[2]d, $%[3]d) order by last_at desc, id desc limit 1), 0)`,
		where, a, b), args...).Scan(&newer, &older)
	return newer, older, err
}

// matchLimit is how many threads an action on a whole list may be about.
const matchLimit = 200_000

// matchingThreads returns the threads of a list given as the query of its URL: a list of the inbox, or a search.
func (s *Server) matchingThreads(c echo.Context, list string) ([]int64, error) {
	q, err := url.ParseQuery(list)
	if err != nil {
		return nil, errs.NotFound
	}
	if q.Has("q") {
		return s.searchThreads(c, q.Get("q"), matchLimit)
	}
	f, err := readFilter(q)
	if err != nil {
		return nil, err
	}
	return s.listIDs(c.Request().Context(), userID(c), f, nil, matchLimit)
}
