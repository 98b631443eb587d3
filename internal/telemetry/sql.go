package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Queries makes a span of each statement. Its name is that of the query in queries/, or the statement's first word:
// neither the statement nor its arguments are kept, and of an error the code alone, since its text may quote a value.
func (t *Tracer) Queries() pgx.QueryTracer {
	if t == nil {
		return nil
	}
	return &queries{t}
}

type queries struct{ tracer *Tracer }

type endKey struct{}

type end = func(err error, more ...slog.Attr)

// TraceQueryStart begins the span of a statement, where it belongs to a trace: what runs by itself, once a second, is not
// worth one.
func (q *queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return q.begin(ctx, queryName(data.SQL))
}

// TraceQueryEnd ends it.
func (q *queries) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	finish(ctx, data.Err)
}

// TraceBatchStart begins the span of statements that are sent at once.
func (q *queries) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return q.begin(ctx, "batch")
}

// TraceBatchQuery is told each of them.
func (q *queries) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd ends it.
func (q *queries) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	finish(ctx, data.Err)
}

// TraceCopyFromStart begins the span of a copy into a table.
func (q *queries) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	return q.begin(ctx, "copy")
}

// TraceCopyFromEnd ends it.
func (q *queries) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	finish(ctx, data.Err)
}

func (q *queries) begin(ctx context.Context, name string) context.Context {
	if !recording(ctx) {
		return ctx
	}
	inner, done := q.tracer.Span(ctx, Calls, "sql "+name, slog.String("db.system.name", "postgresql"), slog.String("db.operation.name", name))
	return context.WithValue(inner, endKey{}, done)
}

func finish(ctx context.Context, err error) {
	done, ok := ctx.Value(endKey{}).(end)
	if !ok {
		return
	}
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		done(err, slog.String("db.response.status_code", refused.Code))
	case errors.Is(err, pgx.ErrNoRows):
		done(nil)
	default:
		done(err)
	}
}

// queryName finds the name that sqlc writes before a query.
func queryName(sql string) string {
	if rest, ok := strings.CutPrefix(sql, "-- name: "); ok {
		name, _, _ := strings.Cut(rest, " ")
		return name
	}
	word, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	word = strings.ToLower(strings.TrimRight(word, ";"))
	switch word {
	case "select", "insert", "update", "delete", "with", "begin", "commit", "rollback", "savepoint", "set", "listen", "notify", "copy", "call", "do":
		return word
	}
	return "other"
}
