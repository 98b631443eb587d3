package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// health tells whether this process lives and can serve, and if not, why not, without details of the inside.
func (s *Server) health(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	answer := map[string]any{"live": true, "version": s.Version, "ready": true}
	var reasons []string
	if _, err := s.DB.Conn.Exec(ctx, "select 1"); err != nil {
		reasons = append(reasons, "the database does not answer")
	}
	if err := s.Blobs.Check(ctx); err != nil {
		reasons = append(reasons, "the store of originals does not answer")
	}
	if reasons == nil {
		return c.JSON(http.StatusOK, answer)
	}
	answer["ready"], answer["reasons"] = false, reasons
	return c.JSON(http.StatusServiceUnavailable, answer)
}
