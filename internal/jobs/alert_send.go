package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/alert"
)

// AlertSendArgs tells people of the changes of alerts that are due.
type AlertSendArgs struct{}

// Kind is the job's name.
func (AlertSendArgs) Kind() string { return "alert_send" }

// InsertOpts put it in a queue of its own, one at a time: it waits for PagerDuty and Slack.
func (AlertSendArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: alertQueue, MaxAttempts: 1}
}

const (
	alertQueue = "alert"
	alertEvery = 10 * time.Second
)

type alertSend struct {
	river.WorkerDefaults[AlertSendArgs]
	outbox *alert.Outbox
}

func (w *alertSend) Work(ctx context.Context, _ *river.Job[AlertSendArgs]) error {
	return w.outbox.Deliver(ctx)
}

// addAlerts adds the telling of alerts.
func addAlerts(cfg *river.Config, o *alert.Outbox) {
	cfg.Queues[alertQueue] = river.QueueConfig{MaxWorkers: 1}
	cfg.PeriodicJobs = append(cfg.PeriodicJobs, river.NewPeriodicJob(river.PeriodicInterval(alertEvery),
		func() (river.JobArgs, *river.InsertOpts) { return AlertSendArgs{}, nil }, &river.PeriodicJobOpts{RunOnStart: true}))
	river.AddWorker(cfg.Workers, &alertSend{outbox: o})
}
