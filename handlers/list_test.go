package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db/dbtest"
	"applylens/views"
)

// Every list must come in order from an index, as the program's own role and under its policies: a sort or a scan of
// the table would grow with the mailbox.
func TestListsUseIndexes(t *testing.T) {
	d := dbtest.New(t)
	user := dbtest.User(t, d, "lists@example.com")
	s := &Server{DB: d}
	filters := []views.Filter{{Split: "action"}, {Category: "offer"}}
	for place := range places {
		filters = append(filters, views.Filter{In: place})
	}
	for _, f := range filters {
		where, args, err := s.listWhere(t.Context(), user, f)
		if err != nil {
			t.Fatal(err)
		}
		sql := fmt.Sprintf("select id from threads where %s and (last_at, id) < ($%d, $%d) order by last_at desc, id desc limit 51", where, len(args)+1, len(args)+2)
		plan := explain(t, s, user, sql, append(args, time.Now(), int64(1))...)
		if strings.Contains(plan, "Sort ") || strings.Contains(plan, "Seq Scan") || !strings.Contains(plan, "Index") {
			t.Errorf("%+v:\n%s", f, plan)
		}
	}
}

// explain returns the plan of a statement that runs on behalf of a user, with scans of whole tables priced out, since
// the tables of a test are too small for the planner to care.
func explain(t *testing.T, s *Server, user int64, sql string, args ...any) string {
	t.Helper()
	tx, err := s.DB.Conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), fmt.Sprintf("set local enable_seqscan = off; set local enable_bitmapscan = off; set local app.uid = '%d'", user)); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query(t.Context(), "explain (costs off) "+sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// A cursor says the same after a round trip through a URL, and rubbish is refused.
func TestCursor(t *testing.T) {
	want := cursor{time.UnixMicro(1773219600123456), 987654321}
	got, err := readCursor(want.String())
	if err != nil || !got.at.Equal(want.at) || got.id != want.id {
		t.Errorf("%v came back as %v, %v", want, got, err)
	}
	for _, bad := range []string{"-", "x", "1-", "-1", "!-1", "zzzzzzzzzzzzzzzzzz-1"} {
		if _, err := readCursor(bad); err == nil {
			t.Errorf("%q was taken for a cursor", bad)
		}
	}
}
