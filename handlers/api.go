package handlers

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
)

// An api is what is offered to programs: operations under /api/v1, described at /api/openapi.json.
type api struct {
	*Server
	huma huma.API
}

// An operation is one URL of the API, who may use it, and what it is called in the description.
type operation struct {
	id, method, path string
	scope            auth.Scope
	role             auth.Role
	tag, summary     string
}

// programs adds the API to the site; its operations stand in apiRoutes.
func (s *Server) programs(e *echo.Echo) *api {
	config := huma.DefaultConfig("ApplyLens", s.Version)
	config.Info.Description = "Mail, search, actions and, for operators, what the console knows. Tokens are made in Settings → API tokens."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.RejectUnknownQueryParameters = true
	config.Servers = []*huma.Server{{URL: apiBase}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "An API token."}}
	config.Security = []map[string][]string{{"token": {}}}
	a := &api{Server: s, huma: humaecho.NewWithGroup(e, e.Group(apiBase), config)}
	a.apiRoutes()
	return a
}

const (
	apiBase      = "/api/v1"
	apiBodyLimit = "1M"
)

// openAPI serves the description.
func (a *api) openAPI(c echo.Context) error { return c.JSON(http.StatusOK, a.huma.OpenAPI()) }

// add registers an operation. run gets the person on whose behalf the program acts; its errors are shown as those of
// pages are, as a problem of RFC 9457.
func add[I, O any](a *api, op operation, run func(ctx context.Context, user db.User, in *I) (*O, error)) {
	huma.Register(a.huma, huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Summary: op.summary, Tags: []string{op.tag}, Middlewares: huma.Middlewares{a.door(op)},
		Description: "Needs the scope `" + string(op.scope) + "`" + needsRole(op.role) + ".",
		Security:    []map[string][]string{{"token": {}}}, Extensions: map[string]any{"x-scope": op.scope},
	}, func(ctx context.Context, in *I) (*O, error) {
		user, _ := ctx.Value(callerKey{}).(db.User)
		out, err := run(ctx, user, in)
		if err != nil {
			return nil, a.problem(op, err)
		}
		return out, nil
	})
}

// door is what a request passes on its way to an operation: who it is, how many there were, what it may do.
func (a *api) door(op operation) func(huma.Context, func(huma.Context)) {
	limits := []echo.MiddlewareFunc{a.Auth.RequireProgram, a.limitProgram, permitted(op), middleware.BodyLimit(apiBodyLimit), within(requestTime), a.answerOnce}
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humaecho.Unwrap(ctx)
		run := func(c echo.Context) error {
			next(huma.WithValue(ctx, callerKey{}, auth.UserOf(c)))
			return nil
		}
		for _, limit := range slices.Backward(limits) {
			run = limit(run)
		}
		if err := run(c); err != nil {
			c.Error(err)
		}
	}
}

func permitted(op operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := auth.Permitted(c, op.scope, op.role); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// callerKey is where the middleware leaves the person for the handler: huma's handlers see no request.
type callerKey struct{}

func needsRole(r auth.Role) string {
	if r == auth.User {
		return ""
	}
	return " and the role " + string(r)
}

// problem is an error as programs see it; what is ours to mend is logged.
func (a *api) problem(op operation, err error) error {
	code, msg := status(err)
	if code >= http.StatusInternalServerError {
		a.Log.Error("request failed", "route", op.path, "method", op.method, "error", err)
	}
	return huma.NewError(code, msg)
}

// problemAnswer is the error page of the API: RFC 9457.
func problemAnswer(c echo.Context, code int, msg string) error {
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
	if code == errs.SignIn.Status {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="ApplyLens"`)
	}
	return c.JSON(code, huma.NewError(code, msg))
}

// Paged is how a page of a list is asked for.
type Paged struct {
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	After string `query:"after" maxLength:"200" doc:"next of the page before"`
}

// read returns the place the page begins after; nil is the start.
func (p Paged) read() (*cursor, error) {
	at, err := readCursor(p.After)
	if err != nil {
		return nil, errs.BadInput("after must be the next of an earlier page.")
	}
	return at, nil
}
