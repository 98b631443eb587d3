package gmail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// A Finding is what the doctor says of one part of the setup.
type Finding struct {
	Part   string
	State  string // ok, wrong, or unknown
	Text   string
	Remedy string // what to do, exactly; empty when it is ok
}

// A Patient is the setup that the doctor looks at.
type Patient struct {
	OAuth        OAuth
	Base         string // the site's address, empty when not known
	Topic        string
	Subscription string
	Pull         bool
	Push         PushCheck
	Client       *Client // of some connected account, or nil
	Now          func() time.Time
}

// Doctor looks at every part of the setup, and says what is wrong and how to put it right. It changes nothing but that
// a connected account's watch is renewed.
func Doctor(ctx context.Context, p Patient) []Finding {
	if !p.OAuth.On() {
		return []Finding{{Part: "Client", State: "wrong", Text: "no OAuth client is configured", Remedy: "Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET; docs/gmail.md, step 3."}}
	}
	out := []Finding{p.clock(ctx), p.client(ctx), p.redirect(), p.api(ctx)}
	return append(append(out, p.push(ctx)...), p.topic(ctx))
}

func ok(part, text string) Finding { return Finding{Part: part, State: "ok", Text: text} }

func wrong(part, text, remedy string) Finding {
	return Finding{Part: part, State: "wrong", Text: text, Remedy: remedy}
}

func unknown(part, text, remedy string) Finding {
	return Finding{Part: part, State: "unknown", Text: text, Remedy: remedy}
}

// clock compares our clock with Google's: tokens are believed by their time.
func (p Patient) clock(ctx context.Context) Finding {
	const part = "Clock"
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.OAuth.Endpoints.Certs, nil)
	if err != nil {
		return wrong(part, err.Error(), "Correct GOOGLE_URL.")
	}
	resp, err := p.OAuth.HTTP.Do(req)
	if err != nil {
		return wrong(part, "Google’s keys cannot be fetched: "+err.Error(), "Let this server reach "+req.URL.Host+" by https: firewall, proxy (HTTPS_PROXY), DNS.")
	}
	_ = resp.Body.Close()
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return unknown(part, "Google did not say what time it is", "Compare the clock by hand: timedatectl.")
	}
	if off := p.Now().Sub(at); off > 30*time.Second || off < -30*time.Second {
		return wrong(part, fmt.Sprintf("the clock is %s off Google’s", off.Round(time.Second)), "Switch on time synchronisation: timedatectl set-ntp true.")
	}
	return ok(part, "within 30 s of Google’s; Google can be reached")
}

// client asks for a token with a code that cannot be right: Google then says whether it knows the client.
func (p Patient) client(ctx context.Context) Finding {
	const part = "Client"
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, p.OAuth.HTTP), 15*time.Second)
	defer cancel()
	cfg := p.OAuth.config(nil)
	_, err := cfg.Exchange(ctx, "doctor", oauth2.VerifierOption(oauth2.GenerateVerifier()))
	var r *oauth2.RetrieveError
	switch {
	case !errors.As(err, &r):
		return unknown(part, fmt.Sprint("the token endpoint does not answer: ", err), "Let this server reach oauth2.googleapis.com by https.")
	case r.ErrorCode == "invalid_grant":
		return ok(part, "Google knows the client id and its secret")
	case r.ErrorCode == "invalid_client" || r.ErrorCode == "unauthorized_client":
		return wrong(part, "Google does not know this client id with this secret", "Copy both anew: Google Cloud console, Google Auth Platform, Clients, your web client.")
	case r.ErrorCode == "redirect_uri_mismatch":
		return wrong(part, "Google does not know the redirect address", "Add "+p.OAuth.Redirect+" to the client’s authorised redirect URIs.")
	}
	return unknown(part, "Google answered "+r.ErrorCode+": "+r.ErrorDescription, "")
}

// redirect checks what Google demands of the address it sends people back to.
func (p Patient) redirect() Finding {
	const part = "Redirect URI"
	u, err := url.Parse(p.OAuth.Redirect)
	switch {
	case p.Base == "":
		return unknown(part, "the site’s address is not known here", "Run the check with --url, or open the page Settings, Mailboxes, Setup.")
	case err != nil || u.Host == "":
		return wrong(part, p.OAuth.Redirect+" is no address", "Set APPLYLENS_URL to the address under which people reach the site.")
	case u.Scheme != "https" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1":
		return wrong(part, p.OAuth.Redirect+" is not https", "Google takes http only for localhost. Put https in front and set APPLYLENS_URL=https://…")
	}
	return ok(part, p.OAuth.Redirect+" (it must stand so among the client’s authorised redirect URIs)")
}

// api calls Gmail for a connected account.
func (p Patient) api(ctx context.Context) Finding {
	const part = "Gmail API"
	if p.Client == nil {
		return unknown(part, "no account is connected, so it could not be called", "Connect an account, then look again.")
	}
	profile, err := p.Client.Profile(ctx)
	var e *Error
	switch {
	case err == nil:
		return ok(part, fmt.Sprintf("answers for a connected account (%d messages)", profile.MessagesTotal))
	case errors.As(err, &e) && (e.Reason == "accessNotConfigured" || strings.Contains(e.Message, "has not been used in project")):
		return wrong(part, "it is not enabled in the project", "gcloud services enable gmail.googleapis.com, or console: APIs & Services, Library, Gmail API, Enable.")
	case errors.Is(err, ErrReconnect):
		return unknown(part, "the account at hand has to be connected again", "Settings, Mailboxes, Connect it again. If every account needs that after a week: the app is in “Testing”; publish it.")
	case IsGone(err):
		return unknown(part, "the server has no profiles, as an emulator", "")
	}
	return wrong(part, err.Error(), "Look the reason up in docs/gmail.md.")
}

// push checks how news reach us: that the push endpoint can be reached from outside under its name, and refuses strangers.
func (p Patient) push(ctx context.Context) []Finding {
	const part = "Push endpoint"
	switch {
	case p.Topic == "":
		return []Finding{ok(part, "no topic is set: accounts are polled every two minutes, which needs nothing more")}
	case p.Pull:
		return []Finding{ok(part, "pushes are fetched from "+p.Subscription+", no public address is needed")}
	case p.Base == "":
		return []Finding{unknown(part, "the site’s address is not known here", "Run the check with --url.")}
	}
	var out []Finding
	if !strings.HasPrefix(p.Base, "https://") {
		out = append(out, wrong(part, "Pub/Sub pushes only to https", "Put https in front and set APPLYLENS_URL, or set GOOGLE_PUBSUB_PULL=true."))
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	target := strings.TrimSuffix(p.Base, "/") + "/gmail/push"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader("{}"))
	if err != nil {
		return append(out, wrong(part, err.Error(), "Correct APPLYLENS_URL."))
	}
	resp, err := p.OAuth.HTTP.Do(req)
	if err != nil {
		return append(out, wrong(part, target+" cannot be reached: "+err.Error(), "Start “applylens serve” and let the way in from outside through: DNS, firewall, reverse proxy."))
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		return append(out, wrong(part, fmt.Sprintf("%s answered %d to a push without a token, expected is 401", target, resp.StatusCode), "Something stands in front of it: let POST "+target+" through unchanged, with its Authorization header."))
	}
	return append(out, ok(part, target+" can be reached and refuses strangers; tokens must be signed by "+p.Push.Account+" for the audience "+p.Push.Audience))
}

// topic renews the watch of a connected account: Gmail then says whether it may publish.
func (p Patient) topic(ctx context.Context) Finding {
	const part = "Topic"
	switch {
	case p.Topic == "":
		return ok(part, "none, as configured")
	case p.Client == nil:
		return unknown(part, "no account is connected, so it could not be tried", "Connect an account, then look again.")
	}
	until, err := p.Client.Watch(ctx, p.Topic)
	var e *Error
	switch {
	case err == nil:
		return ok(part, "Gmail publishes to "+p.Topic+"; the watch lasts until "+until.UTC().Format("2 Jan 15:04 UTC"))
	case errors.As(err, &e) && e.Status == http.StatusForbidden:
		return wrong(part, "Gmail may not publish to "+p.Topic, "gcloud pubsub topics add-iam-policy-binding "+p.Topic+" --member=serviceAccount:gmail-api-push@system.gserviceaccount.com --role=roles/pubsub.publisher")
	case errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusBadRequest):
		return wrong(part, e.Message, "gcloud pubsub topics create "+p.Topic+" — in the project of the OAuth client: Gmail takes no topic of another project.")
	}
	return unknown(part, err.Error(), "Look again in a minute.")
}
