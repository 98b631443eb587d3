package llm

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// A Consent is what a person allows.
type Consent struct {
	Triage, Search bool
	DayMicroUSD    int64 // most that a day (UTC) may cost
	DayCalls       int   // most requests of a day
	Set            bool  // the person chose it; else these are the values to begin with, and nothing is allowed
}

// Consent returns what a user allows this model's endpoint. Consent to another endpoint is none.
func (m *Model) Consent(ctx context.Context, userID int64) (Consent, error) {
	rows, err := m.db.As(userID).LLMConsent(ctx, userID)
	if err != nil || len(rows) == 0 {
		return Consent{DayMicroUSD: 250_000, DayCalls: 500}, err
	}
	c := Consent{Triage: rows[0].Triage, Search: rows[0].Search, DayMicroUSD: rows[0].DayMicrousd, DayCalls: int(rows[0].DayCalls), Set: true}
	if rows[0].Host != m.Host {
		c.Triage, c.Search, c.Set = false, false, false
	}
	return c, nil
}

// Allow keeps what a user allows. Mail that is here already may be sent only with allMail. Withdrawing all also forgets
// the answers that were kept.
func (m *Model) Allow(ctx context.Context, userID int64, c Consent, allMail bool) error {
	return m.db.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		if !c.Triage && !c.Search {
			if err := q.LLMAnswersForget(ctx, userID); err != nil {
				return err
			}
		}
		return q.LLMConsentSet(ctx, db.LLMConsentSetParams{UserID: userID, Host: m.Host, Triage: c.Triage, Search: c.Search, AllMail: allMail && c.Triage,
			DayMicrousd: c.DayMicroUSD, DayCalls: int32(c.DayCalls), ChangedAt: m.now()})
	})
}

func notAllowed() error { return &Failure{Refused, "You have not allowed this model that."} }

// allowed tells whether the user consents to the purpose of a call.
func (m *Model) allowed(ctx context.Context, c Call) (bool, error) {
	consent, err := m.Consent(ctx, c.UserID)
	return c.Purpose == ForTriage && consent.Triage || c.Purpose == ForSearch && consent.Search, err
}

// Day is the beginning of the day (UTC) whose limits count.
func Day(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }

// begin writes the ledger's line before anything is sent, if consent and limits allow it. The line stands at the most
// that both tries may cost until the answer is there, so that requests at once do not pass the limit together.
func (m *Model) begin(ctx context.Context, c Call, p prompt, size int, redacted map[string]int) (line int64, err error) {
	counts, err := json.Marshal(redacted)
	if err != nil {
		return 0, err
	}
	most := attempts * m.cost(tokens(p.system, p.user), maxTokens)
	err = m.db.Tx(ctx, c.UserID, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.LLMConsentLock(ctx, c.UserID)
		if err != nil {
			return err
		}
		if len(rows) == 0 || rows[0].Host != m.Host || !(c.Purpose == ForTriage && rows[0].Triage || c.Purpose == ForSearch && rows[0].Search) {
			return notAllowed()
		}
		used, err := q.LLMUsed(ctx, db.LLMUsedParams{UserID: c.UserID, Since: Day(m.now())})
		if err != nil {
			return err
		}
		if used.Calls >= int64(rows[0].DayCalls) || used.Microusd+most > rows[0].DayMicrousd && most > 0 {
			return &Failure{Refused, "Your limit for a day is reached; tomorrow (UTC) the model is asked again."}
		}
		line, err = q.LLMBegin(ctx, db.LLMBeginParams{UserID: c.UserID, At: m.now(), Model: m.Name, Host: m.Host, Purpose: string(c.Purpose),
			EmailID: some(c.EmailID), RunID: someRun(c.Run), Bytes: int32(size), Redacted: counts, CostMicrousd: most})
		return err
	})
	return line, err
}

// end completes the line, also when the caller has gone, and keeps an answer that can be used.
func (m *Model) end(ctx context.Context, c Call, line int64, used Used, tries int, took time.Duration, p prompt, raw json.RawMessage, outcome Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return m.db.Tx(ctx, c.UserID, func(q *db.Queries, _ pgx.Tx) error {
		err := q.LLMEnd(ctx, db.LLMEndParams{UserID: c.UserID, ID: line, Attempts: int32(tries), TokensIn: int32(used.TokensIn), TokensOut: int32(used.TokensOut),
			CostMicrousd: used.CostMicroUSD, DurationMs: int32(took.Milliseconds()), Outcome: string(outcome)})
		if err != nil || outcome != OK {
			return err
		}
		return q.LLMAnswerKeep(ctx, db.LLMAnswerKeepParams{UserID: c.UserID, Digest: p.digest, EmailID: some(c.EmailID), Answer: raw, MadeAt: m.now()})
	})
}

func some(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

func someRun(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
