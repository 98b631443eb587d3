package config

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
)

// Alerting are the channels that tell people of alerts; one without its settings is shown as not configured.
type Alerting struct {
	PagerDutyKey  string `name:"pagerduty-key" env:"PAGERDUTY_ROUTING_KEY" help:"Routing key of a PagerDuty service (Events API v2)." placeholder:"KEY"`
	PagerDutyURL  string `name:"pagerduty-url" env:"PAGERDUTY_URL" help:"Where PagerDuty takes events. Default: https://events.pagerduty.com." placeholder:"URL"`
	SlackToken    string `name:"slack-token" env:"SLACK_TOKEN" help:"Token of a Slack bot that may chat:write; with channels:history a lost answer repeats nothing." placeholder:"TOKEN"`
	SlackChannel  string `name:"slack-channel" env:"SLACK_CHANNEL" help:"Id of the channel for alerts." placeholder:"ID"`
	SlackWebhook  string `name:"slack-webhook" env:"SLACK_WEBHOOK_URL" help:"Incoming web hook of Slack, instead of a token." placeholder:"URL"`
	SlackURL      string `name:"slack-url" env:"SLACK_URL" help:"Where Slack's Web API is. Default: https://slack.com." placeholder:"URL"`
	SMTP          string `name:"smtp-url" env:"SMTP_URL" help:"Mail server: smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://…:465. On this machine also ?tls=none." placeholder:"URL"`
	From          string `name:"mail-from" env:"MAIL_FROM" help:"Sender of the program's own mail." placeholder:"EMAIL"`
	To            string `name:"alert-to" env:"ALERT_TO" help:"Who gets alerts by e-mail: addresses, comma-separated." placeholder:"EMAILS"`
	Webhook       string `name:"alert-webhook" env:"ALERT_WEBHOOK_URL" help:"Address that gets each change of an alert as JSON." placeholder:"URL"`
	WebhookSecret string `name:"alert-webhook-secret" env:"ALERT_WEBHOOK_SECRET" help:"Signs its body: X-ApplyLens-Signature." placeholder:"SECRET"`
	Routes        string `name:"alert-routes" env:"ALERT_ROUTES" help:"File that says which alert goes where; the default is internal/alert/routes.json." placeholder:"FILE"`
	Hours         string `name:"business-hours" env:"BUSINESS_HOURS" default:"Mon-Fri 09:00-18:00 UTC" help:"When SEV2 may page." placeholder:"TEXT"`
}

// check refuses halves of a channel.
func (a *Alerting) check() error {
	switch {
	case (a.SlackToken == "") != (a.SlackChannel == ""):
		return fmt.Errorf("SLACK_TOKEN and SLACK_CHANNEL go together: set both or neither")
	case a.To != "" && (a.SMTP == "" || a.From == ""):
		return fmt.Errorf("ALERT_TO needs SMTP_URL and MAIL_FROM")
	}
	for name, value := range map[string]string{"PAGERDUTY_URL": a.PagerDutyURL, "SLACK_URL": a.SlackURL, "SLACK_WEBHOOK_URL": a.SlackWebhook, "ALERT_WEBHOOK_URL": a.Webhook} {
		if value != "" && !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://") {
			return fmt.Errorf("%s must begin with https:// or http://", name)
		}
	}
	if _, err := a.Server(); err != nil {
		return err
	}
	_, err := a.Recipients()
	return err
}

// Server is the mail server, nil when none is set.
func (a *Alerting) Server() (*url.URL, error) {
	if a.SMTP == "" {
		return nil, nil //nolint:nilnil // none is set
	}
	u, err := url.Parse(a.SMTP)
	if err != nil || u.Host == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, fmt.Errorf("SMTP_URL must read smtp://USER:PASSWORD@HOST:PORT or smtps://…")
	}
	return u, nil
}

// Recipients are the addresses that get alerts.
func (a *Alerting) Recipients() ([]string, error) {
	if a.To == "" {
		return nil, nil
	}
	list, err := mail.ParseAddressList(a.To)
	if err != nil {
		return nil, fmt.Errorf("ALERT_TO holds something that is no address")
	}
	out := make([]string, len(list))
	for i, address := range list {
		out[i] = address.Address
	}
	return out, nil
}
