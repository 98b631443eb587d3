package agent

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"applylens/internal/db"
)

const (
	flushEvery = 150 * time.Millisecond // how long a run waits for Postgres
	beatEvery  = time.Second            // how soon a switch or a cancellation is seen
	adoptEvery = 30 * time.Second       // how often the folder is searched for runs of the dead
	liveAfter  = time.Second            // runs that last longer are shown while they run
	lostAfter  = time.Minute            // without a beat a process is gone
)

// Start records runs as they end, and heeds switches and cancellations, until Close.
func (r *Runtime) Start(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{}, 2)
	r.stop = func() { cancel(); <-done; <-done }
	go func() {
		defer func() { done <- struct{}{} }()
		r.every(ctx, flushEvery, "record runs", r.Flush)
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		r.every(ctx, beatEvery, "watch runs", r.beatAndAdopt())
	}()
}

// every repeats work. After a failure it waits longer and longer, up to five seconds, and says so once a minute.
func (r *Runtime) every(ctx context.Context, pause time.Duration, what string, work func(context.Context) error) {
	wait, said := pause, time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if err := work(ctx); err != nil && ctx.Err() == nil {
			wait = min(2*wait, 5*time.Second)
			if time.Since(said) > time.Minute {
				waiting, dropped, trouble := r.spool.state()
				r.log.Error("trouble with runs of agents; work goes on", "doing", what, "error", err, "waiting", waiting, "lost", dropped, "disk", trouble)
				said = time.Now()
			}
			continue
		}
		wait = pause
	}
}

// Flush sends the runs that have ended to Postgres.
func (r *Runtime) Flush(ctx context.Context) error {
	err := r.spool.drain(func(records [][]byte) error { return r.send(ctx, records) })
	if _, _, trouble := r.spool.state(); err == nil {
		err = trouble
	}
	return err
}

// send records runs. One that Postgres refuses is found by halving, said, and left out: it must not keep the others.
func (r *Runtime) send(ctx context.Context, records [][]byte) error {
	size := 1
	for _, rec := range records {
		size += len(rec) + 1
	}
	all := append(make([]byte, 0, size+1), '[')
	for i, rec := range records {
		if i > 0 {
			all = append(all, ',')
		}
		all = append(all, rec...)
	}
	_, err := r.db.RunsRecord(ctx, append(all, ']'))
	switch {
	case err == nil || !db.IsBadValue(err):
		return err
	case len(records) > 1:
		half := len(records) / 2
		return errors.Join(r.send(ctx, records[:half]), r.send(ctx, records[half:]))
	}
	r.log.Error("Postgres refused the record of a run; it is lost", "error", err, "bytes", len(records[0]))
	r.spool.lose()
	return nil
}

// keep spools the record of a run.
func (r *Runtime) keep(rec record) {
	b, err := rec.line()
	if err != nil { // our own types always encode, but for what an agent gave as its answer
		r.log.Error("the record of a run cannot be encoded; it is lost", "agent", rec.Agent, "error", err)
		r.spool.lose()
		return
	}
	r.spool.append(b)
}

// beatAndAdopt returns the work of the second: beats, switches, and now and then the runs of the dead.
func (r *Runtime) beatAndAdopt() func(context.Context) error {
	var adopted time.Time
	return func(ctx context.Context) error {
		if err := errors.Join(r.readSwitches(ctx), r.beat(ctx)); err != nil {
			return err
		}
		if time.Since(adopted) < adoptEvery {
			return nil
		}
		adopted = time.Now()
		if err := r.Adopt(ctx); err != nil {
			return err
		}
		_, err := r.db.RunsLost(ctx, r.now().Add(-lostAfter))
		return err
	}
}

// Adopt records the runs that processes which are gone left in the folder.
func (r *Runtime) Adopt(ctx context.Context) error {
	return r.spool.adopt(func(records [][]byte) error { return r.send(ctx, records) })
}

// alive is a run in progress, with the columns of run_live.
type alive struct {
	ID        uuid.UUID `json:"id"`
	Agent     string    `json:"agent"`
	Version   string    `json:"version"`
	Release   string    `json:"release"`
	UserID    *int64    `json:"user_id"`
	Trigger   Trigger   `json:"trigger"`
	DryRun    bool      `json:"dry_run"`
	StartedAt time.Time `json:"started_at"`
	Items     int       `json:"items"`
}

// beat shows the longer runs of this process, and stops those that somebody wants stopped.
func (r *Runtime) beat(ctx context.Context) error {
	r.mu.Lock()
	long := []alive{}
	for _, run := range r.running {
		if r.now().Sub(run.Started) >= liveAfter {
			long = append(long, alive{run.ID, run.ask.Agent.Name, run.ask.Agent.Version, r.release, ownerOf(run.ask), run.ask.Trigger, run.DryRun, run.Started, run.soFar()})
		}
	}
	beaten := r.beaten
	r.beaten = len(long) > 0
	r.mu.Unlock()
	if !beaten && len(long) == 0 {
		return nil
	}
	stop, err := r.db.RunBeat(ctx, db.RunBeatParams{Process: r.process, Running: encoded(long)})
	for _, id := range stop {
		r.cancel(id, &stopped{Denied, "Somebody stopped it."})
	}
	return err
}

func (r *Run) soFar() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.items
}

func (r *Runtime) track(run *Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running[run.ID] = run
}

func (r *Runtime) untrack(run *Run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, run.ID)
}

// cancel stops a run of this process.
func (r *Runtime) cancel(id uuid.UUID, why *stopped) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if run := r.running[id]; run != nil {
		run.cancel(why)
	}
}

// Close records what is left, within ten seconds; what Postgres does not take then waits in the folder.
func (r *Runtime) Close() error {
	if r == nil {
		return nil
	}
	if r.stop != nil {
		r.stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := r.Flush(ctx)
	if r.beaten {
		_, beat := r.db.RunBeat(ctx, db.RunBeatParams{Process: r.process, Running: json.RawMessage("[]")})
		err = errors.Join(err, beat)
	}
	return errors.Join(err, r.spool.close())
}
