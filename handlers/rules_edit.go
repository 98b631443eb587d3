package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/rule"
	"applylens/internal/triage"
	"applylens/views"
)

// ruleNew is the form of a new rule: empty, from a search (query), or from a mail (email).
func (s *Server) ruleNew(c echo.Context) error {
	r := readRule(c)
	var from []views.RuleSuggestion
	if v := c.QueryParam("email"); v != "" {
		var err error
		if r, from, err = s.ruleFromMail(c, v, r); err != nil {
			return err
		}
	}
	form, err := s.ruleForm(c, r)
	if err != nil {
		return err
	}
	form.From = from
	p, err := s.page(c, "New rule", "settings")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.RuleNewPage(p, form))
}

// rulePage is a rule: its form, what it would do, what it did.
func (s *Server) rulePage(c echo.Context) error {
	saved, err := s.ruleOf(c)
	if err != nil {
		return err
	}
	r := saved
	if c.QueryParam("try") != "" { // without a script, a form that is tried is sent
		r = readRule(c)
		r.ID, r.Enabled, r.Fault = saved.ID, saved.Enabled, saved.Fault
	}
	form, err := s.ruleForm(c, r)
	if err != nil {
		return err
	}
	return s.ruleRender(c, http.StatusOK, form)
}

// ruleRender shows a rule that is stored, with its history.
func (s *Server) ruleRender(c echo.Context, status int, form views.RuleForm) error {
	p, err := s.page(c, form.Rule.Name, "settings")
	if err != nil {
		return err
	}
	ctx, q, r := c.Request().Context(), s.DB.As(p.User.ID), form.Rule
	h := views.RuleHistory{Notice: ruleNotice(c)}
	midnight := time.Date(p.Now.Year(), p.Now.Month(), p.Now.Day(), 0, 0, 0, 0, p.Now.Location())
	h.Since = midnight.AddDate(0, 0, 1-rule.PastDays)
	h.Days, err = q.RuleDays(ctx, db.RuleDaysParams{UserID: r.UserID, RuleID: r.ID, Zone: p.Now.Location().String(), Since: h.Since})
	if err != nil {
		return err
	}
	if h.Met, err = q.RuleMet(ctx, db.RuleMetParams{UserID: r.UserID, RuleID: r.ID, MaxRows: ruleHistory}); err != nil {
		return err
	}
	if h.Actions, err = q.RuleActions(ctx, db.RuleActionsParams{UserID: r.UserID, RuleID: r.ID, MaxRows: ruleHistory}); err != nil {
		return err
	}
	if h.Standing, err = q.RuleUndoableMails(ctx, db.RuleUndoableMailsParams{UserID: r.UserID, RuleID: r.ID}); err != nil {
		return err
	}
	return s.render(c, status, views.RulePage(p, form, h))
}

// ruleNotice says what was just done to a rule.
func ruleNotice(c echo.Context) string {
	counted := func(name, noun, what string) string {
		n, err := strconv.Atoi(c.QueryParam(name))
		if err != nil || n < 0 {
			return ""
		}
		return plural(int64(n), noun) + what
	}
	switch {
	case c.QueryParam("saved") != "":
		return "Saved."
	case c.QueryParam("switched") != "":
		return "Switched."
	case c.QueryParam("undoing") != "":
		return "Undoing: that is a lot of mail, and goes on while you work."
	case c.QueryParam("undone") != "":
		return counted("undone", "action", " undone.")
	case c.QueryParam("applied") != "":
		return counted("applied", "mail", " met the rule just now. You can undo that below.")
	}
	return ""
}

// rulePreview is the part of the form that changes as one types: the condition as it was understood, and the dry run.
func (s *Server) rulePreview(c echo.Context) error {
	form, err := s.ruleForm(c, readRule(c))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.RuleTrialPanel(form, s.Now().In(zoneOf(auth.UserOf(c)))))
}

// ruleRefused shows the form again, with what is wrong.
func (s *Server) ruleRefused(c echo.Context, r db.Rule, refused error) error {
	var shown *errs.Error
	if !errors.As(refused, &shown) {
		return refused
	}
	form, err := s.ruleForm(c, r)
	if err != nil {
		return err
	}
	form.Refused = shown.Msg
	if r.ID != 0 {
		return s.ruleRender(c, http.StatusUnprocessableEntity, form)
	}
	p, err := s.page(c, "New rule", "settings")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusUnprocessableEntity, views.RuleNewPage(p, form))
}

// ruleForm tries a rule on past mail, when its condition is sound.
func (s *Server) ruleForm(c echo.Context, r db.Rule) (views.RuleForm, error) {
	user := auth.UserOf(c)
	me, now := []string{user.Email}, s.Now().In(zoneOf(user))
	f := views.RuleForm{Rule: r}
	labels, err := s.DB.As(user.ID).LayoutGet(c.Request().Context(), user.ID)
	if err != nil {
		return f, err
	}
	f.Labels = labels.Labels
	f.Query, f.Faults = rule.Faults(&s.Search.Analyzer, r.Query, me, now)
	if len(f.Faults) > 0 {
		return f, nil
	}
	trial, err := rule.Try(c.Request().Context(), s.DB, &s.Search, r, f.Query, me)
	if err != nil {
		return f, err
	}
	f.Trial = &views.RuleTrial{Query: trial.Query, Met: trial.Met, More: trial.More, Changes: trial.Changes}
	for _, m := range trial.Mails {
		f.Trial.Mails = append(f.Trial.Mails, views.RuleTried{Row: m.RuleStatesRow, Would: intentWords(m.Would)})
	}
	return f, nil
}

// ruleFromMail fills a form from a mail, and offers other conditions that it meets.
func (s *Server) ruleFromMail(c echo.Context, emailID string, r db.Rule) (db.Rule, []views.RuleSuggestion, error) {
	id, err := strconv.ParseInt(emailID, 10, 64)
	if err != nil {
		return r, nil, errs.NotFound
	}
	m, err := s.DB.As(r.UserID).RuleMail(c.Request().Context(), db.RuleMailParams{UserID: r.UserID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return r, nil, errs.NotFound
	}
	if err != nil {
		return r, nil, err
	}
	source, err := s.mailOf(c.Request().Context(), r.UserID, id)
	if err != nil {
		return r, nil, err
	}
	from := suggestions(m, source.List.ID)
	if r.Query == "" && len(from) > 0 {
		r.Query = from[0].Query
	}
	if r.Name == "" {
		r.Name = "Mail from " + cmp.Or(m.FromName, m.FromAddress)
	}
	if r.Category == nil {
		r.Category = &m.Category
	}
	return r, from, nil
}

// suggestions are conditions that a mail meets, the likeliest to be meant first.
func suggestions(m db.RuleMailRow, list string) (all []views.RuleSuggestion) {
	add := func(label, query string) { all = append(all, views.RuleSuggestion{Label: label, Query: query}) }
	_, domain, _ := strings.Cut(m.FromAddress, "@")
	pattern := strings.ReplaceAll(triage.Pattern(m.Subject), `"`, "")
	if list != "" && !strings.ContainsAny(list, " \"()") {
		add("This list", "list:"+list)
	}
	if domain != "" && !strings.ContainsAny(m.FromAddress, " \"()") {
		add("This sender", "from:"+m.FromAddress)
		if pattern != "" {
			add("This sender, mail like this", "from:"+m.FromAddress+" subject:("+pattern+")")
		}
		add("This domain", "domain:"+domain)
		add("This domain and category", "domain:"+domain+" category:"+m.Category)
	}
	return all
}
