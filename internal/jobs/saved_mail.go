package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"applylens/internal/alert"
	"applylens/internal/db"
	"applylens/internal/search"
)

// SavedMailArgs tells a user by e-mail how much a saved search found in the five minutes that begin at Since.
type SavedMailArgs struct {
	UserID   int64     `json:"user_id"`
	SearchID int64     `json:"search_id"`
	Since    time.Time `json:"since"`
}

// Kind is the job's name.
func (SavedMailArgs) Kind() string { return "saved_mail" }

const (
	savedMailQueue = "saved_mail"
	savedMailEvery = 5 * time.Minute
	// What was found at the end of the five minutes may be committed a little later.
	savedMailSlack = 30 * time.Second
	savedMailTries = 12 // over nearly a day and a half: River waits for the fourth power of the attempt in seconds
)

// queueSavedMail queues one letter for all that a search finds in five minutes, in the transaction that notes it.
func queueSavedMail(ctx context.Context, client *Client, tx pgx.Tx, userID, searchID int64, now time.Time) error {
	since := now.UTC().Truncate(savedMailEvery)
	_, err := client.InsertTx(ctx, tx, SavedMailArgs{UserID: userID, SearchID: searchID, Since: since}, &river.InsertOpts{
		Queue: savedMailQueue, MaxAttempts: savedMailTries, ScheduledAt: since.Add(savedMailEvery + savedMailSlack),
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending,
			rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}})
	return err
}

type savedMail struct {
	river.WorkerDefaults[SavedMailArgs]
	db   *db.DB
	post *alert.Post
}

// Work sends the letter, unless all was seen meanwhile. A repetition has the same Message-ID, so that mail programs show
// it once. The letter says nothing of the mail but how many there are.
func (w *savedMail) Work(ctx context.Context, job *river.Job[SavedMailArgs]) error {
	a := job.Args
	if w.post == nil {
		return river.JobCancel(errors.New("no mail server is set up"))
	}
	row, err := w.db.As(a.UserID).SavedMailGet(ctx, db.SavedMailGetParams{UserID: a.UserID, ID: a.SearchID, Since: a.Since, Until: a.Since.Add(savedMailEvery)})
	if errors.Is(err, pgx.ErrNoRows) || err == nil && row.Found == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	err = w.post.Send(ctx, savedLetter(a, row, w.post.Site))
	var again *alert.TryAgain
	if err != nil && !errors.As(err, &again) {
		return river.JobCancel(err)
	}
	return err
}

func savedLetter(a SavedMailArgs, row db.SavedMailGetRow, site string) alert.Letter {
	name := strings.Join(strings.Fields(row.Name), " ")
	matches := "1 new mail matches"
	if row.Found > 1 {
		matches = fmt.Sprintf("%d new mails match", row.Found)
	}
	return alert.Letter{
		To: []string{row.Email}, Date: a.Since.Add(savedMailEvery), ID: fmt.Sprintf("saved-%d-%d-%d", a.UserID, a.SearchID, a.Since.Unix()),
		Subject: fmt.Sprintf("ApplyLens: %s “%s”", matches, name),
		Text: fmt.Sprintf("%s your saved search “%s”:\n\n%s/saved/%d\n\nTo get no more of these letters, change the search:\n\n%s/settings/searches\n",
			matches, name, site, a.SearchID, site),
	}
}

// addSaved adds saved searches and their letters, these in a queue of their own: they wait for the mail server.
func addSaved(cfg *river.Config, d Deps) {
	match := &savedMatch{db: d.DB, now: d.Now, engine: &search.Postgres{Sense: d.Sense}}
	if d.Post != nil {
		match.client = river.ClientFromContext[pgx.Tx]
	}
	river.AddWorker(cfg.Workers, match)
	cfg.Queues[savedMailQueue] = river.QueueConfig{MaxWorkers: 2}
	river.AddWorker(cfg.Workers, &savedMail{db: d.DB, post: d.Post})
}
