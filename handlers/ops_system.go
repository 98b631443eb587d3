package handlers

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/jobs"
	"applylens/views"
)

const blobsTime = 5 * time.Second // for a check of the blobs

// opsSystem is how the parts of the program stand.
func (s *Server) opsSystem(c echo.Context) error {
	state, err := s.readSystem(c.Request().Context())
	if err != nil {
		return err
	}
	p, err := s.page(c, "System", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OpsSystemPage(p, state))
}

func (s *Server) readSystem(ctx context.Context) (state views.SystemPage, err error) {
	state.Embedded, state.Runtime, state.Elastic, state.Blobs = s.Embedded, s.runtimeFacts(), s.elasticFacts(ctx), s.blobsFault(ctx)
	if pool := s.DB.Pool; pool != nil {
		st := pool.Stat()
		state.Pool = &views.PoolState{Total: st.TotalConns(), Idle: st.IdleConns(), Used: st.AcquiredConns(), Max: st.MaxConns(),
			Waited: st.EmptyAcquireCount(), WaitTime: st.EmptyAcquireWaitTime()}
	}
	if state.Database, err = s.DB.ConsoleDatabase(ctx); err != nil {
		return state, err
	}
	if state.Tables, err = s.DB.ConsoleTables(ctx); err != nil {
		return state, err
	}
	if state.Queries, err = s.DB.ConsoleQueries(ctx); err != nil {
		return state, err
	}
	counts, err := jobs.Counts(ctx, s.DB.Conn)
	if err != nil {
		return state, err
	}
	for _, n := range counts {
		switch n.State {
		case "available":
			state.Waiting += n.Jobs
		case "retryable", "discarded":
			state.Failing = append(state.Failing, views.JobCount{Kind: n.Kind, State: n.State, Jobs: n.Jobs})
		}
	}
	if s.Gmail == nil {
		return state, nil
	}
	fresh, err := s.DB.GmailFreshness(ctx, s.Now().Add(-24*time.Hour))
	state.Gmail = &fresh
	return state, err
}

// elasticFacts tells how the search cluster stands; nil without one.
func (s *Server) elasticFacts(ctx context.Context) [][2]string {
	if s.Elastic == nil {
		return nil
	}
	st, err := s.Elastic.State(ctx)
	if err != nil {
		s.Log.Warn("the state of Elasticsearch cannot be read", "error", err)
		return [][2]string{{"State", "unknown"}}
	}
	return [][2]string{{"Generation", strconv.Itoa(int(st.Generation))}, {"Coverage", fmt.Sprintf("%.2f %%", 100*st.Coverage)}, {"Behind", st.Behind.Round(time.Second).String()},
		{"News that wait", strconv.FormatInt(st.Waiting, 10)}, {"Mails that a new generation lacks", strconv.FormatInt(st.Filling, 10)},
		{"Emails that it refuses", strconv.FormatInt(st.Parked, 10)}}
}

// blobsFault says what is wrong with the blobs; "" when they work.
func (s *Server) blobsFault(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, blobsTime)
	defer cancel()
	if err := s.Blobs.Check(ctx); err != nil {
		s.Log.Warn("the blobs fail", "error", err)
		return "the log says why"
	}
	return ""
}

func (s *Server) runtimeFacts() [][2]string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	mib := func(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
	return [][2]string{{"Program", s.Version}, {"Go", runtime.Version()}, {"Goroutines", strconv.Itoa(runtime.NumGoroutine())}, {"Processors", strconv.Itoa(runtime.GOMAXPROCS(0))},
		{"Heap in use", mib(m.HeapInuse)}, {"From the system", mib(m.Sys)}, {"Collections", strconv.Itoa(int(m.NumGC))}}
}
