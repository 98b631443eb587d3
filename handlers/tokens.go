package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/views"
)

// maxTokens is how many tokens that work a user may have.
const maxTokens = 50

// tokensPage lists the tokens by which programs act for the user.
func (s *Server) tokensPage(c echo.Context) error { return s.showTokens(c, "") }

func (s *Server) showTokens(c echo.Context, made string) error {
	rows, err := s.DB.As(userID(c)).TokenList(c.Request().Context(), userID(c))
	if err != nil {
		return err
	}
	p, err := s.page(c, "API tokens", "settings")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.TokensPage(p, views.Tokens{Rows: rows, Made: made, Scopes: s.scopesFor(c)}))
}

// scopesFor lists the scopes a user can give away: those of the console need its role.
func (s *Server) scopesFor(c echo.Context) []string {
	var scopes []string
	for _, scope := range auth.Scopes() {
		if !strings.HasPrefix(string(scope), "ops:") || auth.Operator.Allows(auth.Role(auth.UserOf(c).Role)) {
			scopes = append(scopes, string(scope))
		}
	}
	return scopes
}

// tokenCreate makes a token and shows it, this once.
func (s *Server) tokenCreate(c echo.Context) error {
	name := strings.TrimSpace(c.FormValue("name"))
	days, err := strconv.Atoi(c.FormValue("days"))
	if err != nil || days < 1 || days > 366 {
		return errs.BadInput("A token works for 1 to 366 days.")
	}
	if name == "" || len(name) > 100 {
		return errs.BadInput("Name the token after the program that will use it, in at most 100 characters.")
	}
	form, _ := c.FormParams() // read by FormValue
	var scopes []auth.Scope
	for _, scope := range form["scope"] {
		if !slices.Contains(s.scopesFor(c), scope) {
			return errs.BadInput("That is no scope you can give.")
		}
		scopes = append(scopes, auth.Scope(scope))
	}
	if len(scopes) == 0 {
		return errs.BadInput("Choose at least one thing the token may do.")
	}
	token := ""
	err = s.DB.Tx(c.Request().Context(), userID(c), func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.TokenCount(c.Request().Context(), userID(c))
		if err == nil && n >= maxTokens {
			err = errs.Conflict("You have 50 tokens that work. Revoke one first.")
		}
		if err != nil {
			return err
		}
		token, err = auth.NewToken(c.Request().Context(), q, userID(c), name, scopes, s.Now().AddDate(0, 0, days))
		return err
	})
	if err != nil {
		return err
	}
	return s.showTokens(c, token)
}

// tokenRevoke ends a token at once.
func (s *Server) tokenRevoke(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	n, err := s.DB.As(userID(c)).TokenRevoke(c.Request().Context(), db.TokenRevokeParams{UserID: userID(c), ID: id})
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.NotFound
	}
	return c.Redirect(http.StatusSeeOther, "/settings/tokens")
}
