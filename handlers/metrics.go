package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/errs"
	"applylens/internal/telemetry"
)

// errAnswered marks a trace whose request was answered with a fault of ours.
var errAnswered = errors.New("answered with a fault of ours")

// metrics answers Prometheus, if it bears the token; without one in the settings there is nothing here.
func (s *Server) metrics(c echo.Context) error {
	if s.Metrics == nil || s.MetricsToken == "" {
		return errs.NotFound
	}
	if !telemetry.Allowed(c.Request(), s.MetricsToken) {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="metrics"`)
		return c.String(http.StatusUnauthorized, "The token is missing or wrong.\n")
	}
	s.Metrics.Handler().ServeHTTP(c.Response(), c.Request())
	return nil
}

// measure counts each request, makes it a trace, and counts it for the objective of availability: an answer of 5xx is a
// fault of ours. Who goes away before the answer is not counted; nor are those who ask how we are.
func (s *Server) measure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began, asked := time.Now(), c.Request()
		route := routeOf(c)
		method := methodOf(asked.Method)
		ctx, end := s.Tracer.Span(asked.Context(), telemetry.Serves, method+" "+route,
			slog.String("http.request.method", method), slog.String("http.route", route))
		c.SetRequest(asked.WithContext(ctx))
		err := next(c)
		status := c.Response().Status
		var failed error
		if status >= http.StatusInternalServerError {
			failed = errAnswered
		}
		end(failed, slog.Int("http.response.status_code", status))
		if route == "/events" {
			s.Metrics.Stream(ctx, method, route, status)
		} else {
			s.Metrics.Request(ctx, method, route, status, time.Since(began))
		}
		if !errors.Is(asked.Context().Err(), context.Canceled) && route != "/metrics" && !strings.HasPrefix(route, "/health") {
			s.Requests.Count(s.Now(), status < http.StatusInternalServerError)
		}
		return err
	}
}

// routeOf is the pattern that a request fits; what fits none has one name, whatever was asked for.
func routeOf(c echo.Context) string {
	if route := c.Path(); route != "" && c.Handler() != nil {
		return route
	}
	return "none"
}

// methodOf is a method of HTTP; others have one name, so that nobody can fill the memory with them.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// reference is under what the log tells more of a fault of ours.
func reference(c echo.Context, code int) string {
	if code < http.StatusInternalServerError {
		return ""
	}
	return telemetry.TraceID(c.Request().Context())
}
