package handlers

import (
	"context"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
	"applylens/views"
)

// quotaDays is how many days of use are shown.
const quotaDays = 14

// quotas reads what a user's accounts, and the project as a whole, used of Google's quota. Without Google it is empty.
func (s *Server) quotas(ctx context.Context, userID int64) (map[int64]views.Quota, error) {
	if s.Gmail == nil {
		return nil, nil
	}
	minute, today, err := s.projectMeters(ctx)
	if err != nil {
		return nil, err
	}
	day, now := gmail.UsageTimes(s.Now())
	rows, err := s.DB.As(userID).GmailUsageList(ctx, db.GmailUsageListParams{UserID: userID, Minute: now, Since: day.AddDate(0, 0, 1-quotaDays)})
	if err != nil {
		return nil, err
	}
	limits := s.Gmail.Limiter.Quota()
	all := map[int64]views.Quota{}
	for _, row := range rows {
		q := all[row.AccountID]
		q.Days = append(q.Days, views.DayUnits{Day: row.Day, Units: row.Units})
		if row.Day.Equal(day) {
			q.Minute.Used, q.Today = row.MinuteUnits, row.Units
		}
		all[row.AccountID] = q
	}
	for id, q := range all {
		q.Minute.Label, q.Minute.Limit, q.Minute.Kept = "This account, this minute", int64(limits.User), int64(limits.User*limits.Reserve)
		q.ProjectMinute, q.ProjectToday = minute, today
		q.Days = everyDay(q.Days, day)
		all[id] = q
	}
	return all, nil
}

// projectMeters are the sums of all accounts.
func (s *Server) projectMeters(ctx context.Context) (minute, today views.Meter, err error) {
	limits := s.Gmail.Limiter.Quota()
	day, now := gmail.UsageTimes(s.Now())
	sums, err := s.DB.GmailProjectUsage(ctx, db.GmailProjectUsageParams{Day: day, Minute: now})
	minute = views.Meter{Label: "All accounts, this minute", Used: sums.MinuteUnits, Limit: int64(limits.Project), Kept: int64(limits.Project * limits.Reserve)}
	return minute, views.Meter{Label: "All accounts, today", Used: sums.DayUnits, Limit: int64(limits.Day)}, err
}

// everyDay puts days without any use between those with some, up to today.
func everyDay(days []views.DayUnits, today time.Time) []views.DayUnits {
	var all []views.DayUnits
	for day := days[0].Day.UTC(); !day.After(today); day = day.AddDate(0, 0, 1) {
		d := views.DayUnits{Day: day}
		if len(days) > 0 && days[0].Day.Equal(day) {
			d, days = days[0], days[1:]
		}
		all = append(all, d)
	}
	return all
}

// overviewQuota is the use of quota for operators.
func (s *Server) overviewQuota(ctx context.Context) (q views.OverviewQuota, err error) {
	if s.Gmail == nil {
		return q, nil
	}
	if q.Minute, q.Today, err = s.projectMeters(ctx); err != nil {
		return q, err
	}
	day, minute := gmail.UsageTimes(s.Now())
	rows, err := s.DB.GmailUsageOverview(ctx, db.GmailUsageOverviewParams{Day: day, Minute: minute, MaxRows: 10_000})
	q.Accounts = map[int64]int64{}
	for _, row := range rows {
		q.Accounts[row.AccountID] = row.DayUnits
	}
	return q, err
}
