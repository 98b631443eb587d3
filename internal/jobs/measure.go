package jobs

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"applylens/internal/telemetry"
)

// measure counts jobs and makes each a span of the trace that queued it.
type measure struct {
	river.MiddlewareDefaults
	metrics *telemetry.Metrics
	tracer  *telemetry.Tracer
}

// carried is the key of a job's metadata under which its trace lies.
const carried = "traceparent"

// InsertMany notes the trace that a job comes from.
func (m *measure) InsertMany(ctx context.Context, all []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) ([]*rivertype.JobInsertResult, error) {
	if parent := telemetry.Carry(ctx); parent != "" {
		for _, p := range all {
			p.Metadata = withTrace(p.Metadata, parent)
		}
	}
	return insert(ctx)
}

// withTrace adds the trace to metadata that are an object or nothing.
func withTrace(metadata []byte, parent string) []byte {
	fields := map[string]json.RawMessage{}
	if len(metadata) > 0 && json.Unmarshal(metadata, &fields) != nil {
		return metadata
	}
	value, err := json.Marshal(parent)
	if err != nil {
		return metadata
	}
	fields[carried] = value
	if out, err := json.Marshal(fields); err == nil {
		return out
	}
	return metadata
}

// Work measures one job.
func (m *measure) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	var from struct{ Traceparent string }
	if json.Unmarshal(job.Metadata, &from) == nil && from.Traceparent != "" {
		ctx = telemetry.Resume(ctx, from.Traceparent)
	}
	ctx, end := m.tracer.Span(ctx, telemetry.Consumes, "job "+job.Kind, slog.String("applylens.job.kind", job.Kind), slog.String("applylens.job.queue", job.Queue),
		slog.Int64("applylens.job.id", job.ID), slog.Int("applylens.job.attempt", job.Attempt))
	began, outcome := time.Now(), "panic"
	var err error
	defer func() { // also when it panics
		end(err, slog.String("applylens.outcome", outcome))
		m.metrics.Job(ctx, job.Kind, outcome, time.Since(began))
	}()
	if err = work(ctx); err != nil {
		outcome = "failed"
		return err
	}
	outcome = "ok"
	return nil
}
