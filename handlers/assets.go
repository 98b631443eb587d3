package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"applylens/internal/errs"
	"applylens/static"
)

// asset serves a file of static/. Its address names its content, so it may be kept for ever.
func (s *Server) asset(c echo.Context) error {
	file, ok := static.Find(c.Request().URL.Path)
	if !ok {
		return errs.NotFound
	}
	h := c.Response().Header()
	for _, name := range []string{"Content-Security-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy", "X-Frame-Options"} {
		h.Del(name) // they mean something for pages only, and a page has a dozen assets
	}
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := file.Body
	if file.Gzip != nil && strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = file.Gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return c.Blob(http.StatusOK, file.Type, body)
}
