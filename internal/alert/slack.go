package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/slack-go/slack"
)

// Slack posts into one channel: by its Web API where a token is set, else by an incoming web hook.
type Slack struct {
	Token   string // of a bot that may chat:write, and channels:history to find out what arrived
	Channel string // its id or #name
	Webhook string // address of an incoming web hook
	Base    string // https://slack.com when empty
	HTTP    *http.Client
}

// Name is how the console calls it.
func (*Slack) Name() string { return "slack" }

// noticeEvent is the type of the metadata by which a message is found again.
const noticeEvent = "applylens_alert"

var slackSigns = map[State]string{Firing: ":rotating_light:", Acknowledged: ":eyes:", Resolved: ":white_check_mark:"}

// Send posts a notice as one message. When an earlier attempt may have arrived, the Web API is asked first; a web hook
// cannot be asked, so there a lost answer repeats the message.
func (s *Slack) Send(ctx context.Context, n Notice) error {
	switch {
	case s.Token != "":
		return s.sendMessage(ctx, n)
	case s.Webhook != "":
		return s.sendWebhook(ctx, n)
	}
	return ErrNotConfigured
}

func (s *Slack) sendWebhook(ctx context.Context, n Notice) error {
	body, err := json.Marshal(map[string]string{"text": slackText(n)})
	if err != nil {
		return err
	}
	got, err := post(ctx, s.HTTP, s.Webhook, body, nil)
	switch {
	case err != nil:
		return err
	case got.status != http.StatusOK:
		return got.failure("Slack")
	case strings.TrimSpace(string(got.body)) != "ok":
		return errors.New("Slack did not say ok")
	}
	return nil
}

func (s *Slack) sendMessage(ctx context.Context, n Notice) error {
	base := s.Base
	if base == "" {
		base = "https://slack.com"
	}
	client := slack.New(s.Token, slack.OptionAPIURL(strings.TrimRight(base, "/")+"/api/"), slack.OptionHTTPClient(s.HTTP))
	if n.Again {
		arrived, err := s.arrived(ctx, client, n)
		if arrived || err != nil {
			return err
		}
	}
	_, _, err := client.PostMessageContext(ctx, s.Channel, slack.MsgOptionText(slackText(n), false), slack.MsgOptionDisableLinkUnfurl(),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: noticeEvent, EventPayload: map[string]any{"id": strconv.FormatInt(n.ID, 10)}}))
	return slackFailure(err)
}

// arrived looks for the notice among the channel's messages since it came to be. A bot that may not read them does not
// know, and sends again.
func (s *Slack) arrived(ctx context.Context, client *slack.Client, n Notice) (bool, error) {
	history, err := client.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: s.Channel, Oldest: strconv.FormatInt(n.At.Unix()-1, 10), Limit: 200, IncludeAllMetadata: true})
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return false, nil
	}
	if err != nil {
		return false, slackFailure(err)
	}
	for _, m := range history.Messages {
		if m.Metadata.EventType == noticeEvent && m.Metadata.EventPayload["id"] == strconv.FormatInt(n.ID, 10) {
			return true, nil
		}
	}
	return false, nil
}

// slackFailure sorts the library's errors: a 200 that says no is final, but for those words that mean “later”.
func slackFailure(err error) error {
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	var refused slack.SlackErrorResponse
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limited):
		return &TryAgain{After: limited.RetryAfter, Cause: errors.New("Slack asked to wait")}
	case errors.As(err, &status):
		return answer{status: status.Code}.failure("Slack")
	case errors.As(err, &refused):
		if refused.Err == "ratelimited" || refused.Err == "internal_error" || refused.Err == "fatal_error" || refused.Err == "service_unavailable" {
			return &TryAgain{Cause: fmt.Errorf("Slack says %s", refused.Err)}
		}
		return fmt.Errorf("Slack says %s", refused.Err)
	}
	return noAnswer(err)
}

// slackText escapes what Slack would read as markup.
func slackText(n Notice) string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	text := fmt.Sprintf("%s *%s %s* %s\n%s", slackSigns[n.State], n.Severity, n.State, escape(n.Title), escape(n.Text))
	if n.Link != "" {
		text += "\n<" + n.Link + "|Open in the console>"
	}
	return text
}
