package handlers

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/migrations"
)

const (
	healthTime  = 2 * time.Second // for all that is looked at
	healthFresh = 5 * time.Second // what was found is said again for so long: anybody may ask
	leastRoom   = 64 << 20        // bytes on the disk below which mail cannot be stored safely
	littleRoom  = 0.05            // share of the disk below which somebody should look
)

// healthState is what was last found.
type healthState struct {
	mu    sync.Mutex
	at    time.Time
	found []healthCheck
}

// A healthCheck is one part that was looked at. Why is safe for anybody to read.
type healthCheck struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok; warning: it serves, but somebody should look; failed: it cannot serve
	Why   string `json:"why,omitempty"`
}

// healthLive tells that this process answers; whoever restarts processes asks here, and so nothing else is looked at.
func (s *Server) healthLive(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]any{"live": true, "version": s.Version})
}

// health tells whether this process lives and can serve, and if not, why not, without details of the inside.
func (s *Server) health(c echo.Context) error {
	checks := s.checkHealth(c.Request().Context())
	reasons, warnings := []string{}, []string{}
	for _, check := range checks {
		switch check.State {
		case "failed":
			reasons = append(reasons, check.Why)
		case "warning":
			warnings = append(warnings, check.Why)
		}
	}
	code := http.StatusOK
	if len(reasons) > 0 {
		code = http.StatusServiceUnavailable
	}
	return c.JSON(code, map[string]any{"live": true, "version": s.Version, "ready": len(reasons) == 0, "reasons": reasons, "warnings": warnings, "checks": checks})
}

// checkHealth looks at each part, at most every five seconds.
func (s *Server) checkHealth(ctx context.Context) []healthCheck {
	s.checked.mu.Lock()
	defer s.checked.mu.Unlock()
	now := s.Now()
	if s.checked.found != nil && now.Sub(s.checked.at) < healthFresh {
		return s.checked.found
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthTime)
	defer cancel()
	database := s.checkDatabase(ctx)
	found := []healthCheck{database}
	if database.State == "ok" {
		found = append(found, s.checkSchema(ctx), s.checkWorker(ctx))
	}
	found = append(found, s.checkOriginals(ctx), s.checkDisk())
	s.checked.found, s.checked.at = found, now
	return found
}

func (s *Server) checkDatabase(ctx context.Context) healthCheck {
	if _, err := s.DB.Conn.Exec(ctx, "select 1"); err != nil {
		return healthCheck{"database", "failed", "the database does not answer"}
	}
	return healthCheck{Name: "database", State: "ok"}
}

// checkSchema compares the migrations that were applied with those of this program.
func (s *Server) checkSchema(ctx context.Context) healthCheck {
	known, err := fs.Glob(migrations.FS, "*.sql")
	var applied int
	var readable bool
	if err == nil {
		err = s.DB.Conn.QueryRow(ctx, "select has_table_privilege('goose_db_version', 'select')").Scan(&readable)
	}
	if err == nil && !readable { // it was last migrated by an older program
		return healthCheck{"schema", "warning", "the program may not read the state of the schema; “applylens migrate up” mends that"}
	}
	if err == nil {
		err = s.DB.Conn.QueryRow(ctx, "select count(distinct version_id) from goose_db_version where is_applied and version_id > 0").Scan(&applied)
	}
	switch behind := len(known) - applied; {
	case err != nil:
		return healthCheck{"schema", "failed", "the state of the schema cannot be read"}
	case behind > 0:
		return healthCheck{"schema", "failed", fmt.Sprintf("the schema is %d migrations behind this program", behind)}
	case behind < 0:
		return healthCheck{"schema", "warning", fmt.Sprintf("the schema is %d migrations ahead of this program", -behind)}
	}
	return healthCheck{Name: "schema", State: "ok"}
}

// checkWorker tells whether any process works on jobs: the site serves without, but mail is not fetched.
func (s *Server) checkWorker(ctx context.Context) healthCheck {
	var works bool
	err := s.DB.Conn.QueryRow(ctx, "select exists (select from river_leader where expires_at > now())").Scan(&works)
	if err != nil || !works {
		return healthCheck{"worker", "warning", "no process works on jobs"}
	}
	return healthCheck{Name: "worker", State: "ok"}
}

func (s *Server) checkOriginals(ctx context.Context) healthCheck {
	if err := s.Blobs.Check(ctx); err != nil {
		return healthCheck{"originals", "failed", "the store of originals does not answer"}
	}
	if err := s.Blobs.CheckWrite(ctx); err != nil {
		return healthCheck{"originals", "failed", "the store of originals cannot be written to"}
	}
	return healthCheck{Name: "originals", State: "ok"}
}

func (s *Server) checkDisk() healthCheck {
	free, size, ok := s.Blobs.Room()
	switch {
	case ok && free < leastRoom:
		return healthCheck{"disk", "failed", "the disk of the originals is full"}
	case ok && float64(free) < littleRoom*float64(size):
		return healthCheck{"disk", "warning", fmt.Sprintf("the disk of the originals is %.0f %% full", 100-100*float64(free)/float64(size))}
	}
	return healthCheck{Name: "disk", State: "ok"}
}
