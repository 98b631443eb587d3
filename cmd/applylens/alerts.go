package main

import (
	"net/http"
	"os"
	"time"

	"applylens/internal/alert"
	"applylens/internal/config"
)

// channelTime bounds one call to a channel of alerts.
const channelTime = 15 * time.Second

// outbox makes what tells people of alerts, with the channels that are configured.
func (a *app) outbox(base string) (*alert.Outbox, error) {
	routes, err := alertRoutes(a.settings.Alerting.Routes)
	if err != nil {
		return nil, err
	}
	hours, err := alert.ParseHours(a.settings.Alerting.Hours)
	if err != nil {
		return nil, err
	}
	channels, err := alertChannels(&a.settings.Alerting)
	if err != nil {
		return nil, err
	}
	return &alert.Outbox{DB: a.db, Channels: channels, Routes: routes, Hours: hours, BaseURL: base, Log: a.log, Now: time.Now, Pace: alert.SlackPace}, nil
}

// post makes what sends letters to users, nil when no mail server and sender are configured.
func (a *app) post(base string) (*alert.Post, error) {
	server, err := a.settings.Alerting.Server()
	if err != nil || server == nil || a.settings.Alerting.From == "" {
		return nil, err
	}
	return &alert.Post{Server: server, From: a.settings.Alerting.From, Site: base}, nil
}

func alertRoutes(path string) (alert.Routes, error) {
	if path == "" {
		return alert.DefaultRoutes()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return alert.Routes{}, err
	}
	return alert.ParseRoutes(data)
}

func alertChannels(s *config.Alerting) ([]alert.Channel, error) {
	client := &http.Client{Timeout: channelTime}
	var channels []alert.Channel
	if s.PagerDutyKey != "" {
		channels = append(channels, &alert.PagerDuty{RoutingKey: s.PagerDutyKey, Base: s.PagerDutyURL, HTTP: client})
	}
	if s.SlackToken != "" || s.SlackWebhook != "" {
		channels = append(channels, &alert.Slack{Token: s.SlackToken, Channel: s.SlackChannel, Webhook: s.SlackWebhook, Base: s.SlackURL, HTTP: client})
	}
	server, err := s.Server()
	if err != nil {
		return nil, err
	}
	to, err := s.Recipients()
	if err != nil {
		return nil, err
	}
	if server != nil && len(to) > 0 {
		channels = append(channels, &alert.Email{Server: server, From: s.From, To: to})
	}
	if s.Webhook != "" {
		channels = append(channels, &alert.Webhook{URL: s.Webhook, Secret: s.WebhookSecret, HTTP: client})
	}
	return channels, nil
}
