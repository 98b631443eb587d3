package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

// ownedTables asks the catalogue, so that a table that is added later cannot be forgotten.
const ownedTables = `
select c.relname::text, case when c.relname = 'users' then 'id' else 'user_id' end, c.relrowsecurity
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
	and (c.relname = 'users' or exists (
		select from pg_attribute a where a.attrelid = c.oid and a.attname = 'user_id' and not a.attisdropped))
order by 1`

// insertRow fills a row of any table for an owner: given columns, defaults where there are any, else a value of the type.
func insertRow(ctx context.Context, tx pgx.Tx, table string, owner int64) error {
	rows, err := tx.Query(ctx, `
		select column_name::text, case
			when column_name = 'user_id' then $2::text
			when column_name in ('place', 'kind', 'state', 'split', 'role', 'theme', 'category_by', 'trigger', 'outcome', 'purpose') then
				'(' || (select substring(pg_get_constraintdef(k.oid) from '''[a-z_]+''::text') from pg_constraint k
					where k.conrelid = ('public.' || $1)::regclass and k.contype = 'c' and pg_get_constraintdef(k.oid) like '%' || column_name || '%' limit 1) || ')'
			when udt_name in ('int8', 'int4', 'int2', 'float4', 'float8', 'numeric') then '1'
			when udt_name = 'uuid' then 'gen_random_uuid()'
			when udt_name = 'bool' then 'false'
			when udt_name = 'timestamptz' then 'now()'
			when udt_name = 'jsonb' then '''{}'''
			when udt_name = 'tsvector' then ''''''
			when udt_name like '\_%' then '''{}'''
			when udt_name = 'bytea' then 'sha256(random()::text::bytea)'
			else '''x''' end
		from information_schema.columns
		where table_schema = 'public' and table_name = $1 and is_identity = 'NO'
			and (column_default is null and is_nullable = 'NO' or column_name = 'user_id')
		order by ordinal_position`, table, fmt.Sprint(owner))
	if err != nil {
		return err
	}
	columns, values := "", ""
	var name, value string
	if _, err := pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		if columns != "" {
			columns, values = columns+", ", values+", "
		}
		columns, values = columns+name, values+value
		return nil
	}); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf("insert into %s (%s) values (%s)", table, columns, values))
	return err
}

// TestOwnersAreApart proves for every table with an owner that a query without any filter sees nothing of another
// owner, and that a row cannot be written in another owner's name.
func TestOwnersAreApart(t *testing.T) {
	ctx := t.Context()
	root, err := dbtest.Owner(t).Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Rollback(ctx) }()
	if _, err := root.Exec(ctx, "set local session_replication_role = replica"); err != nil { // no foreign keys for made-up rows
		t.Fatal(err)
	}
	var alice, bob int64
	if err := root.QueryRow(ctx, `insert into users (email) values ('alice-rls@example.com') returning id`).Scan(&alice); err != nil {
		t.Fatal(err)
	}
	if err := root.QueryRow(ctx, `insert into users (email) values ('bob-rls@example.com') returning id`).Scan(&bob); err != nil {
		t.Fatal(err)
	}
	type table struct {
		name, owner string
		secured     bool
	}
	rows, err := root.Query(ctx, ownedTables)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (table, error) {
		var x table
		return x, r.Scan(&x.name, &x.owner, &x.secured)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) < 12 {
		t.Fatalf("only %d tables with an owner found: the catalogue query is wrong", len(tables))
	}
	for _, x := range tables {
		if !x.secured {
			t.Errorf("%s: row-level security is off", x.name)
		}
		if x.name != "users" {
			if err := insertRow(ctx, root, x.name, alice); err != nil {
				t.Fatalf("%s: %v", x.name, err)
			}
		}
	}
	count := func(name, where string) (n int) {
		if err := root.QueryRow(ctx, "select count(*) from "+name+where).Scan(&n); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	as := func(uid string) {
		if _, err := root.Exec(ctx, "select set_config('app.uid', $1, true)", uid); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := root.Exec(ctx, "set local role "+db.AppRole); err != nil {
		t.Fatal(err)
	}
	for _, x := range tables {
		as(fmt.Sprint(alice))
		if count(x.name, "") == 0 {
			t.Errorf("%s: the owner does not see her own row, so this test proves nothing", x.name)
		}
		for _, uid := range []string{fmt.Sprint(bob), ""} {
			as(uid)
			if n := count(x.name, fmt.Sprintf(" where %s = %d", x.owner, alice)); n != 0 {
				t.Errorf("%s: user %q sees %d rows of another owner", x.name, uid, n)
			}
		}
		as(fmt.Sprint(bob))
		if x.name != "users" {
			savepoint, err := root.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var refused *pgconn.PgError
			if err := insertRow(ctx, savepoint, x.name, alice); !errors.As(err, &refused) || refused.Code != "42501" {
				t.Errorf("%s: writing a row in another owner's name: %v, want the policy's refusal", x.name, err)
			}
			_ = savepoint.Rollback(ctx)
		}
	}
}

// TestPartitionsAreClosed proves that a partition, which has no policy of its own, is no side door.
func TestPartitionsAreClosed(t *testing.T) {
	d := dbtest.New(t)
	var open int
	err := d.Conn.QueryRow(t.Context(), `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname = 'public' and c.relispartition and c.relkind = 'r' and has_table_privilege(c.oid, 'select')`).Scan(&open)
	if err != nil {
		t.Fatal(err)
	}
	if open != 0 {
		t.Errorf("%d partitions can be read directly", open)
	}
}

func TestOwnerOfStatement(t *testing.T) {
	d := dbtest.New(t)
	ctx := t.Context()
	alice, bob := dbtest.User(t, d, "alice@example.com"), dbtest.User(t, d, "bob@example.com")
	if u, err := d.As(alice).UserGet(ctx, alice); err != nil || u.Email != "alice@example.com" {
		t.Errorf("own row: %v, %v", u, err)
	}
	if _, err := d.As(bob).UserGet(ctx, alice); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("another's row: %v, want no rows", err)
	}
	err := d.Tx(ctx, bob, func(q *db.Queries, _ pgx.Tx) error {
		_, err := q.UserGet(ctx, alice)
		return err
	})
	if !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("another's row in a transaction: %v, want no rows", err)
	}
}

// TestOwnerDoesNotStick proves that a pooled connection keeps no owner from the statement before.
func TestOwnerDoesNotStick(t *testing.T) {
	d := dbtest.Pool(t)
	ctx := t.Context()
	id := dbtest.User(t, d, "sticky@example.com")
	for range 20 {
		if _, err := d.As(id).UserGet(ctx, id); err != nil {
			t.Fatal(err)
		}
		if _, err := d.UserGet(ctx, id); !errors.Is(err, pgx.ErrNoRows) {
			t.Fatalf("without an owner: %v, want no rows", err)
		}
	}
}

// BenchmarkOwner measures what the owner of a statement costs: none, one pipelined statement, a transaction.
func BenchmarkOwner(b *testing.B) {
	d := dbtest.Pool(b)
	ctx := b.Context()
	id := dbtest.User(b, d, "bench@example.com")
	b.Run("none", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.UserFind(ctx, "bench@example.com"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("statement", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.As(id).UserGet(ctx, id); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("transaction", func(b *testing.B) {
		for b.Loop() {
			if err := d.Tx(ctx, id, func(q *db.Queries, _ pgx.Tx) error { _, err := q.UserGet(ctx, id); return err }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
