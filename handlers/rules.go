package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/action"
	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/jobs"
	"applylens/internal/rule"
	"applylens/views"
)

const ruleHistory = 50 // mails and actions of a rule that its page lists

// rulesPage lists the person's rules in the order in which mail meets them.
func (s *Server) rulesPage(c echo.Context) error {
	p, err := s.page(c, "Rules", "settings")
	if err != nil {
		return err
	}
	ctx, q := c.Request().Context(), s.DB.As(p.User.ID)
	rules, err := q.RuleList(ctx, p.User.ID)
	if err != nil {
		return err
	}
	hits, err := q.RuleHits(ctx, db.RuleHitsParams{UserID: p.User.ID, Since: p.Now.AddDate(0, 0, -30)})
	if err != nil {
		return err
	}
	byID := map[int64]db.RuleHitsRow{}
	for _, h := range hits {
		byID[h.ID] = h
	}
	list := make([]views.RuleRow, len(rules))
	for i, r := range rules {
		query, faults := rule.Faults(&s.Search.Analyzer, r.Query, []string{p.User.Email}, p.Now)
		list[i] = views.RuleRow{Rule: r, Query: query, Faults: faults, Does: ruleDoes(r), Hits: byID[r.ID]}
	}
	return s.render(c, http.StatusOK, views.RulesPage(p, list))
}

// ruleDoes says in words what a rule does.
func ruleDoes(r db.Rule) []string {
	does := intentWords(rule.Intents(r))
	if r.NoQuarantine {
		does = append(does, "never propose quarantine")
	}
	if r.Stop {
		does = append(does, "stop")
	}
	return does
}

func intentWords(intents []action.Intent) []string {
	var words []string
	for _, in := range intents {
		words = append(words, views.RuleEffect(string(in.Kind), in.Category, in.Priority, in.Label))
	}
	return words
}

// readRule reads the form of a rule.
func readRule(c echo.Context) db.Rule {
	r := db.Rule{UserID: userID(c), Name: strings.TrimSpace(c.FormValue("name")), Query: strings.TrimSpace(c.FormValue("query")),
		Stop: c.FormValue("stop") != "", MarkRead: c.FormValue("read") != "", Star: c.FormValue("star") != "",
		Label: strings.TrimSpace(c.FormValue("label")), NoQuarantine: c.FormValue("no_quarantine") != "",
		Category: chosen(c, "category"), Priority: chosen(c, "priority"), Place: chosen(c, "place")}
	if v := c.FormValue("reply"); v != "" {
		yes := v == "yes"
		r.NeedsReply = &yes
	}
	return r
}

func chosen(c echo.Context, name string) *string {
	if v := c.FormValue(name); v != "" {
		return &v
	}
	return nil
}

// ruleValid checks what a form cannot keep from being sent otherwise.
func (s *Server) ruleValid(c echo.Context, r db.Rule) error {
	if err := rule.Check(r); err != nil {
		return err
	}
	if r.Place != nil && !slices.Contains([]string{"inbox", "archive", "trash", "quarantine"}, *r.Place) {
		return errs.BadInput("There is no such place.")
	}
	for _, in := range rule.Intents(r) {
		if err := in.Check(); err != nil {
			return err
		}
	}
	_, faults := rule.Faults(&s.Search.Analyzer, r.Query, []string{auth.UserOf(c).Email}, s.Now().In(zoneOf(auth.UserOf(c))))
	if len(faults) > 0 {
		return errs.BadInput("This cannot be the condition of a rule yet: the part that is marked must be mended.")
	}
	return nil
}

// ruleCreate stores a rule, switched off: its page shows what it would have done, and switches it on.
func (s *Server) ruleCreate(c echo.Context) error {
	r := readRule(c)
	if err := s.ruleValid(c, r); err != nil {
		return s.ruleRefused(c, r, err)
	}
	id, err := s.DB.As(r.UserID).RuleCreate(c.Request().Context(), db.RuleCreateParams{UserID: r.UserID, Name: r.Name, Query: r.Query, Stop: r.Stop,
		Category: r.Category, Priority: r.Priority, NeedsReply: r.NeedsReply, Place: r.Place, MarkRead: r.MarkRead, Star: r.Star, Label: r.Label,
		NoQuarantine: r.NoQuarantine, Most: rule.Most})
	if errors.Is(err, pgx.ErrNoRows) {
		return s.ruleRefused(c, r, errs.BadInput(fmt.Sprintf("There are %d rules already, which is the most. Delete one first.", rule.Most)))
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, ruleURL(id, "saved", "1"))
}

// ruleSave changes a rule. What it did stays done.
func (s *Server) ruleSave(c echo.Context) error {
	old, err := s.ruleOf(c)
	if err != nil {
		return err
	}
	r := readRule(c)
	r.ID, r.Enabled = old.ID, old.Enabled
	if err := s.ruleValid(c, r); err != nil {
		return s.ruleRefused(c, r, err)
	}
	_, err = s.DB.As(r.UserID).RuleUpdate(c.Request().Context(), db.RuleUpdateParams{UserID: r.UserID, ID: r.ID, Name: r.Name, Query: r.Query, Stop: r.Stop,
		Category: r.Category, Priority: r.Priority, NeedsReply: r.NeedsReply, Place: r.Place, MarkRead: r.MarkRead, Star: r.Star, Label: r.Label,
		NoQuarantine: r.NoQuarantine})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, ruleURL(r.ID, "saved", "1"))
}

// ruleOf reads the rule that the address names.
func (s *Server) ruleOf(c echo.Context) (db.Rule, error) {
	id, err := paramID(c)
	if err != nil {
		return db.Rule{}, err
	}
	r, err := s.DB.As(userID(c)).RuleGet(c.Request().Context(), db.RuleGetParams{UserID: userID(c), ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		err = errs.NotFound
	}
	return r, err
}

func ruleURL(id int64, key, value string) string {
	return "/settings/rules/" + strconv.FormatInt(id, 10) + "?" + key + "=" + value
}

// ruleEnable switches a rule on or off, and applies it to past mail when that is asked for.
func (s *Server) ruleEnable(c echo.Context) error {
	r, err := s.ruleOf(c)
	if err != nil {
		return err
	}
	var past rule.Past
	err = s.DB.Tx(c.Request().Context(), r.UserID, func(q *db.Queries, tx pgx.Tx) error {
		if on := c.FormValue("on"); on != "" {
			if _, err := q.RuleEnable(c.Request().Context(), db.RuleEnableParams{UserID: r.UserID, ID: r.ID, Enabled: on == "yes"}); err != nil {
				return err
			}
		}
		if c.FormValue("past") == "" {
			return nil
		}
		past, err = s.ruleApply(c, q, tx, r)
		return err
	})
	if err != nil {
		return err
	}
	if c.FormValue("past") != "" {
		return c.Redirect(http.StatusSeeOther, ruleURL(r.ID, "applied", strconv.Itoa(past.Mails)))
	}
	if c.FormValue("back") == "list" {
		return c.Redirect(http.StatusSeeOther, "/settings/rules")
	}
	return c.Redirect(http.StatusSeeOther, ruleURL(r.ID, "switched", "1"))
}

// ruleApply applies a rule to past mail; what is large is queued with it.
func (s *Server) ruleApply(c echo.Context, q *db.Queries, tx pgx.Tx, r db.Rule) (rule.Past, error) {
	me, now := []string{auth.UserOf(c).Email}, s.Now().In(zoneOf(auth.UserOf(c)))
	query, faults := rule.Faults(&s.Search.Analyzer, r.Query, me, now)
	if len(faults) > 0 {
		return rule.Past{}, errs.BadInput("The condition of the rule must be mended first: " + faults[0].Msg + ".")
	}
	past, err := rule.ApplyPast(c.Request().Context(), tx, q, &s.Search, r, query, me, now)
	for _, id := range past.Waiting {
		if err == nil {
			_, err = s.Jobs.InsertTx(c.Request().Context(), tx, jobs.ActionRunArgs{UserID: r.UserID, ActionID: id}, nil)
		}
	}
	return past, err
}

// ruleMove puts a rule one place up or down.
func (s *Server) ruleMove(c echo.Context) error {
	r, err := s.ruleOf(c)
	if err != nil {
		return err
	}
	err = s.DB.Tx(c.Request().Context(), r.UserID, func(q *db.Queries, _ pgx.Tx) error {
		rules, err := q.RuleList(c.Request().Context(), r.UserID)
		if err != nil {
			return err
		}
		ids := make([]int64, len(rules))
		for i := range rules {
			ids[i] = rules[i].ID
		}
		at := slices.Index(ids, r.ID)
		to := at + 1
		if c.FormValue("to") == "up" {
			to = at - 1
		}
		if at < 0 || to < 0 || to >= len(ids) {
			return nil
		}
		ids[at], ids[to] = ids[to], ids[at]
		return q.RuleMove(c.Request().Context(), db.RuleMoveParams{UserID: r.UserID, Ids: ids})
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/rules")
}

// ruleDelete forgets a rule. What it did stays, and can still be undone in the journal, action by action.
func (s *Server) ruleDelete(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	n, err := s.DB.As(userID(c)).RuleDelete(c.Request().Context(), db.RuleDeleteParams{UserID: userID(c), ID: id})
	if err == nil && n == 0 {
		err = errs.NotFound
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/rules")
}

// ruleUndo undoes all that a rule did, or what it did in the last hours.
func (s *Server) ruleUndo(c echo.Context) error {
	r, err := s.ruleOf(c)
	if err != nil {
		return err
	}
	var since time.Time
	if v := c.FormValue("hours"); v != "" && v != "all" {
		hours, err := strconv.Atoi(v)
		if err != nil || hours < 1 || hours > 24*365 {
			return errs.BadInput("Choose a time between an hour and a year.")
		}
		since = s.Now().Add(-time.Duration(hours) * time.Hour)
	}
	ctx := c.Request().Context()
	todo, err := s.DB.As(r.UserID).RuleUndoableMails(ctx, db.RuleUndoableMailsParams{UserID: r.UserID, RuleID: r.ID, Since: since})
	if err != nil {
		return err
	}
	if todo.Mails > action.Inline {
		_, err = s.Jobs.Insert(ctx, jobs.ActionUndoArgs{UserID: r.UserID, RuleID: r.ID, Since: &since}, nil)
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, ruleURL(r.ID, "undoing", "1"))
	}
	n, err := action.UndoRule(ctx, s.DB, r.UserID, r.ID, since)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, ruleURL(r.ID, "undone", strconv.Itoa(n)))
}
