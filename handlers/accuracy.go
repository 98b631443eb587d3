package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/triage"
	"applylens/internal/triage/eval"
	"applylens/views"
)

// accuracyPage tells how good the judgement was on the mail whose category the person corrected or confirmed.
func (s *Server) accuracyPage(c echo.Context) error {
	p, err := s.page(c, "Accuracy", "settings")
	if err != nil {
		return err
	}
	rows, err := s.DB.As(p.User.ID).AccuracyMails(c.Request().Context(), p.User.ID)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.AccuracyPage(p, accuracy(rows)))
}

// accuracy measures the mails with the same mathematics as applylens eval.
func accuracy(rows []db.AccuracyMailsRow) views.Accuracy {
	var a views.Accuracy
	judged := make([]eval.Judged, len(rows))
	for i, r := range rows {
		judged[i] = eval.Judged{Sample: eval.Sample{Category: r.Truth},
			Verdict: triage.Verdict{Category: triage.Category(r.Claim), Confidence: r.Confidence, NeedsReview: r.NeedsReview}}
		if r.Confirmed {
			a.Confirmed++
		}
		if r.Claim != r.Truth {
			a.Wrong = append(a.Wrong, r)
		}
	}
	a.Report = eval.Categories(judged)
	return a
}
