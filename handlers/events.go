package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
)

// Events tells open pages that something of their user's changed. It listens to Postgres, so that a change by any
// process reaches every page.
type Events struct {
	mu   sync.Mutex
	open map[int64]map[chan struct{}]bool
	done chan struct{} // closed when the program stops
}

// NewEvents returns an Events without listeners.
func NewEvents() *Events {
	return &Events{open: map[int64]map[chan struct{}]bool{}, done: make(chan struct{})}
}

// Close ends all streams, which would keep a server waiting that wants to stop. Call it once.
func (ev *Events) Close() { close(ev.done) }

const maxPagesPerUser = 20

// Listen passes notifications on until the context ends, connecting again when the connection is lost. After a new
// connection every page is told, since something may have been missed.
func (ev *Events) Listen(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) {
	for ctx.Err() == nil {
		err := ev.listen(ctx, pool)
		if ctx.Err() != nil {
			return
		}
		log.Warn("live updates are interrupted; connecting again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second + rand.N(2*time.Second)):
		}
	}
}

func (ev *Events) listen(ctx context.Context, pool *pgxpool.Pool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "listen mail_changed"); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "unlisten mail_changed") }()
	ev.tell(0)
	for {
		n, err := conn.Conn().WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if id, err := strconv.ParseInt(n.Payload, 10, 64); err == nil {
			ev.tell(id)
		}
	}
}

// tell wakes the pages of a user, or with 0 those of all.
func (ev *Events) tell(userID int64) {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	for id, pages := range ev.open {
		if userID != 0 && id != userID {
			continue
		}
		for page := range pages {
			select {
			case page <- struct{}{}:
			default: // it has not read the last one yet
			}
		}
	}
}

func (ev *Events) join(userID int64) (page chan struct{}, leave func(), ok bool) {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	if len(ev.open[userID]) >= maxPagesPerUser {
		return nil, nil, false
	}
	if ev.open[userID] == nil {
		ev.open[userID] = map[chan struct{}]bool{}
	}
	page = make(chan struct{}, 1)
	ev.open[userID][page] = true
	return page, func() {
		ev.mu.Lock()
		defer ev.mu.Unlock()
		delete(ev.open[userID], page)
		if len(ev.open[userID]) == 0 {
			delete(ev.open, userID)
		}
	}, true
}

// events streams "mail" events (server-sent events) until the page is closed. Changes within a quarter of a second
// come as one.
func (s *Server) events(c echo.Context) error {
	page, leave, ok := s.Events.join(userID(c))
	if !ok {
		return echo.NewHTTPError(http.StatusTooManyRequests)
	}
	defer leave()
	w := c.Response()
	if err := noDeadlines(c); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	beat := time.NewTicker(25 * time.Second)
	defer beat.Stop()
	for {
		if _, err := fmt.Fprint(w, ": still here\n\n"); err != nil {
			return nil //nolint:nilerr // the page is gone
		}
		w.Flush()
		select {
		case <-c.Request().Context().Done():
			return nil
		case <-s.Events.done:
			return nil
		case <-beat.C:
			continue
		case <-page:
		}
		select {
		case <-c.Request().Context().Done():
			return nil
		case <-time.After(250 * time.Millisecond):
		}
		if _, err := fmt.Fprint(w, "event: mail\ndata: changed\n\n"); err != nil {
			return nil //nolint:nilerr // the page is gone
		}
	}
}
