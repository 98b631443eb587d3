package handlers

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/agent"
	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
	"applylens/views"
)

// opsSLOs is the dashboard of the objectives.
func (s *Server) opsSLOs(c echo.Context) error {
	board, err := s.readSLOs(c.Request().Context(), userID(c))
	if err != nil {
		return err
	}
	p, err := s.page(c, "Objectives", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.SLOsPage(p, board))
}

// readSLOs reads every objective as it stands, the worst remaining budget first; those of which nothing is known last.
func (s *Server) readSLOs(ctx context.Context, user int64) (views.SLOs, error) {
	var board views.SLOs
	promised, err := slo.Objectives()
	if err != nil {
		return board, err
	}
	reports, err := watch.Reports(ctx, s.DB.Queries)
	if err != nil {
		return board, err
	}
	now := s.Now()
	trend, err := s.DB.ConsoleTrend(ctx, db.ConsoleTrendParams{Since: now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -30), Before: now.Add(time.Hour)})
	if err != nil {
		return board, err
	}
	p95, err := s.quantiles(ctx, user)
	if err != nil {
		return board, err
	}
	for _, o := range promised {
		row := sloRow(o, reports, p95)
		for _, t := range trend {
			if t.Objective == o.Name {
				row.Days = append(row.Days, views.SLODay{Day: t.Day.UTC(), Good: t.Good, Total: t.Total, Cost: t.CostMicrousd})
			}
		}
		if row.Known && row.At.Time().After(board.At) {
			board.At = row.At.Time()
		}
		board.Rows = append(board.Rows, row)
	}
	slices.SortStableFunc(board.Rows, func(a, b views.SLORow) int { return cmp.Compare(rank(a), rank(b)) })
	return board, nil
}

// rank orders objectives by what is left of their budgets.
func rank(r views.SLORow) float64 {
	switch {
	case r.Known && r.Total > 0 && r.Remaining != nil:
		return *r.Remaining
	case r.Runs:
		return 3
	}
	return 4
}

func sloRow(o slo.Objective, reports []slo.Report, p95 map[string]time.Duration) views.SLORow {
	a, ok := agent.Find(o.Subject)
	row := views.SLORow{Report: slo.Report{Objective: o}, Agent: ok, Runs: !ok || a.Runs()}
	if i := slices.IndexFunc(reports, func(r slo.Report) bool { return r.Objective.Name == o.Name }); i >= 0 {
		row.Report, row.Known = reports[i], true
	}
	if o.SLI == slo.Latency && !o.InBulk {
		row.P95 = p95[o.Subject]
	}
	return row
}

// quantiles are the 95th percentiles of the runs of 24 hours, by agent.
func (s *Server) quantiles(ctx context.Context, user int64) (map[string]time.Duration, error) {
	states, err := agent.States(ctx, s.DB.Operator(user), s.Now().Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	p95 := map[string]time.Duration{}
	for _, st := range states {
		p95[st.Agent.Name] = st.Quantile(0.95)
	}
	return p95, nil
}

// opsSLO is one objective in full.
func (s *Server) opsSLO(c echo.Context) error {
	o, err := objectiveOf(c)
	if err != nil {
		return err
	}
	ctx, user := c.Request().Context(), auth.UserOf(c)
	reports, err := watch.Reports(ctx, s.DB.Queries)
	if err != nil {
		return err
	}
	p95, err := s.quantiles(ctx, user.ID)
	if err != nil {
		return err
	}
	page := views.SLOPage{SLORow: sloRow(o, reports, p95), Days: daysOf(c), Admin: auth.Admin.Allows(auth.Role(user.Role))}
	if err := s.readSLO(ctx, &page); err != nil {
		return err
	}
	p, err := s.page(c, o.Name, "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.SLODetail(p, page))
}

func (s *Server) readSLO(ctx context.Context, page *views.SLOPage) (err error) {
	name := page.Objective.Name
	if page.Versions, err = s.DB.ConsoleVersions(ctx, name); err != nil {
		return err
	}
	if page.Corrections, err = s.DB.ConsoleCorrections(ctx, &name); err != nil || !page.Known {
		return err
	}
	since := s.Now().AddDate(0, 0, -page.Days)
	if page.Alerts, err = s.DB.ConsoleAlerts(ctx, db.ConsoleAlertsParams{Objective: name, Since: &since}); err != nil {
		return err
	}
	if page.Line, err = watch.Chart(ctx, s.DB.Queries, page.Report, page.Days, chartPoints(page.Days)); err != nil {
		return err
	}
	page.Stretches = stretches(page.Line, page.Report.At, page.Days)
	return nil
}

// objectiveOf is the objective that the address names.
func objectiveOf(c echo.Context) (slo.Objective, error) {
	promised, err := slo.Objectives()
	if err != nil {
		return slo.Objective{}, err
	}
	for _, o := range promised {
		if o.Name == c.Param("subject")+"/"+c.Param("sli") {
			return o, nil
		}
	}
	return slo.Objective{}, errs.NotFound
}

// daysOf is how many days were asked for; 30 if none of those that there are.
func daysOf(c echo.Context) int {
	days, err := strconv.Atoi(c.QueryParam("days"))
	if err != nil || !slices.Contains(views.SLOWindows(), days) {
		return 30
	}
	return days
}

// chartPoints is how many points the line of so many days has: one an hour for a week, then every three and six hours.
func chartPoints(days int) int {
	switch {
	case days <= 7:
		return days * 24
	case days <= 30:
		return days * 8
	}
	return days * 4
}

// stretches sums the points of a line by the day, the newest first; those of a week by six hours.
func stretches(line []slo.Point, at slo.Minute, days int) []views.SLOStretch {
	each := chartPoints(days) / days
	if days <= 7 {
		each = 6
	}
	var all []views.SLOStretch
	from := at - slo.Minute(days*24*60)
	for chunk := range slices.Chunk(line, each) {
		last := chunk[len(chunk)-1]
		// Minutes after from, up to and with Until, so a stretch begins a minute later.
		t := views.SLOStretch{From: (from + 1).Time(), Until: (last.Until + 1).Time(), Remaining: last.Remaining}
		for _, p := range chunk {
			t.Good, t.Total, t.Measured = t.Good+p.Good, t.Total+p.Total, t.Measured || p.Measured > 0
		}
		all, from = append(all, t), last.Until
	}
	slices.Reverse(all)
	return all
}

// chartData is what the script of the charts draws: columns of equal length, null where nothing is known.
type chartData struct {
	At        []int64      `json:"at"` // seconds since 1970, the end of each stretch
	Step      int64        `json:"step"`
	Remaining []*float64   `json:"remaining"`
	Even      []*float64   `json:"even"`  // of the budget of a whole period when it is spent evenly; null unless the chart shows one
	Since     []*float64   `json:"since"` // what is left of it when only what these days spent counts; as long as Even
	Total     []*int64     `json:"total"`
	Bad       []*int64     `json:"bad"`
	Share     []*float64   `json:"share"` // of bad events
	Allowed   float64      `json:"allowed"`
	Alerts    []chartSpell `json:"alerts"`
	Runs      string       `json:"runs"` // the agent whose runs these are; "" for none
}

type chartSpell struct {
	ID    int64  `json:"id"`
	Class string `json:"class"`
	From  int64  `json:"from"`
	Until int64  `json:"until"` // 0: it fires
}

// opsSLOPoints is the data behind the charts of an objective.
func (s *Server) opsSLOPoints(c echo.Context) error {
	o, err := objectiveOf(c)
	if err != nil {
		return err
	}
	ctx, days := c.Request().Context(), daysOf(c)
	report, err := watch.Report(ctx, s.DB.Queries, o.Name)
	if err != nil {
		return err
	}
	line, err := watch.Chart(ctx, s.DB.Queries, report, days, chartPoints(days))
	if err != nil {
		return err
	}
	since := s.Now().AddDate(0, 0, -days)
	spells, err := s.DB.ConsoleAlerts(ctx, db.ConsoleAlertsParams{Objective: o.Name, Since: &since})
	if err != nil {
		return err
	}
	data := newChartData(report, line, days)
	for _, a := range spells {
		spell := chartSpell{ID: a.ID, Class: a.Class, From: a.FiredAt.Unix()}
		if a.ResolvedAt != nil {
			spell.Until = a.ResolvedAt.Unix()
		}
		data.Alerts = append(data.Alerts, spell)
	}
	return c.JSON(http.StatusOK, data)
}

func newChartData(r slo.Report, line []slo.Point, days int) chartData {
	d := chartData{Step: int64(days) * 86400 / int64(chartPoints(days)), Allowed: float64(10_000-r.Objective.TargetBP) / 10_000, Alerts: []chartSpell{}}
	if _, ok := agent.Find(r.Objective.Subject); ok {
		d.Runs = r.Objective.Subject
	}
	d.Even, d.Since = burnDown(r, line, days)
	for _, p := range line {
		d.At = append(d.At, (p.Until + 1).Time().Unix())
		d.Remaining = append(d.Remaining, p.Remaining)
		var total, bad *int64
		var share *float64
		if p.Measured > 0 {
			n := p.Total - p.Good
			total, bad = &p.Total, &n
			if p.Total > 0 {
				x := float64(n) / float64(p.Total)
				share = &x
			}
		}
		d.Total, d.Bad, d.Share = append(d.Total, total), append(d.Bad, bad), append(d.Share, share)
	}
	return d
}

// burnDown returns, for a chart that shows one whole period, how its budget would be spent evenly and how these days spent
// it; nil for another stretch. At the last point the second is what is left.
func burnDown(r slo.Report, line []slo.Point, days int) (even, since []*float64) {
	if days != r.Objective.PeriodDays || r.Allowed <= 0 {
		return nil, nil
	}
	var bad int64
	for i, p := range line {
		bad += p.Total - p.Good
		e, left := 1-float64(i+1)/float64(len(line)), 1-float64(bad)/r.Allowed
		even, since = append(even, &e), append(since, &left)
	}
	return even, since
}

// opsSLOPromise changes what an objective promises.
func (s *Server) opsSLOPromise(c echo.Context) error {
	o, err := objectiveOf(c)
	if err != nil {
		return err
	}
	target, err := strconv.ParseFloat(c.FormValue("target"), 64)
	if err != nil {
		return errs.BadInput("The target is a percentage, such as 99.9.")
	}
	o.TargetBP = int(math.Round(min(max(target, -1), 101) * 100))
	if o.PeriodDays, err = strconv.Atoi(c.FormValue("period")); err != nil {
		return errs.BadInput("The period is a number of days; 0 is the calendar month.")
	}
	if o.Limit > 0 {
		limit, err := strconv.ParseFloat(c.FormValue("limit"), 64)
		if err != nil || !(limit > 0 && limit <= 1e6) {
			return errs.BadInput("The limit is a number above 0.")
		}
		if o.SLI == slo.Latency || o.SLI == slo.Cost {
			limit *= 1e6
		}
		if o.Limit = int64(math.Round(limit)); o.Limit == 0 {
			return errs.BadInput("The limit is too small to be measured.")
		}
	}
	if err := watch.Promise(c.Request().Context(), s.DB.Queries, userID(c), o, c.FormValue("reason"), s.Now()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/slos/"+o.Name)
}

// opsSLOCorrect takes a stretch out of the counts of an objective.
func (s *Server) opsSLOCorrect(c echo.Context) error {
	o, err := objectiveOf(c)
	if err != nil {
		return err
	}
	from, err := formTime(c, "from")
	if err != nil {
		return err
	}
	until, err := formTime(c, "to")
	if err != nil {
		return err
	}
	if _, err := watch.Correct(c.Request().Context(), s.DB.Queries, userID(c), o.Name, c.FormValue("reason"), from, until); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/slos/"+o.Name)
}

// formTime reads a time of a form, in the zone of the user.
func formTime(c echo.Context, name string) (time.Time, error) {
	t, err := time.ParseInLocation("2006-01-02T15:04", c.FormValue(name), zoneOf(auth.UserOf(c)))
	if err != nil {
		return t, errs.BadInput("A time is written as 2026-11-25T14:30.")
	}
	return t, nil
}

// opsSLOWithdraw puts a stretch back into the counts.
func (s *Server) opsSLOWithdraw(c echo.Context) error {
	o, err := objectiveOf(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return errs.NotFound
	}
	n, err := s.DB.SLOCorrectionWithdraw(c.Request().Context(), db.SLOCorrectionWithdrawParams{ID: id, WithdrawnBy: userID(c)})
	switch {
	case err != nil:
		return err
	case n == 0:
		return errs.NotFound
	}
	return c.Redirect(http.StatusSeeOther, "/ops/slos/"+o.Name)
}
