package gmail_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailtest"
)

func TestDoctorNamesWhatIsWrong(t *testing.T) {
	fake, _, c := newClient(t, gmailtest.Options{}, unlimited())
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(refusing.Close)
	good := gmail.Patient{OAuth: gmail.OAuth{ClientID: "client", ClientSecret: "secret", Redirect: "http://localhost/google/callback", Endpoints: gmail.At(fake.URL),
		HTTP: http.DefaultClient}, Base: refusing.URL, Topic: "projects/p/topics/t", Pull: true, Client: c, Now: time.Now}
	for name, test := range map[string]struct {
		change func(*gmail.Patient)
		part   string
		state  string
	}{
		"all is well":      {func(*gmail.Patient) {}, "", ""},
		"no client":        {func(p *gmail.Patient) { p.OAuth.ClientID = "" }, "Client", "wrong"},
		"wrong secret":     {func(p *gmail.Patient) { p.OAuth.ClientSecret = "x" }, "Client", "wrong"},
		"plain http":       {func(p *gmail.Patient) { p.OAuth.Redirect = "http://mail.example.com/google/callback" }, "Redirect URI", "wrong"},
		"clock":            {func(p *gmail.Patient) { p.Now = func() time.Time { return time.Now().Add(5 * time.Minute) } }, "Clock", "wrong"},
		"API off":          {func(*gmail.Patient) { fake.Faults.Fail("getProfile", 403, "accessNotConfigured", 0) }, "Gmail API", "wrong"},
		"topic closed":     {func(*gmail.Patient) { fake.Faults.Fail("watch", 403, "forbidden", 0) }, "Topic", "wrong"},
		"topic missing":    {func(*gmail.Patient) { fake.Faults.Fail("watch", 404, "notFound", 0) }, "Topic", "wrong"},
		"push to http":     {func(p *gmail.Patient) { p.Pull = false }, "Push endpoint", "wrong"},
		"nobody connected": {func(p *gmail.Patient) { p.Client = nil }, "Gmail API", "unknown"},
		"Google is away":   {func(p *gmail.Patient) { p.OAuth.Endpoints.Certs = "http://127.0.0.1:1/" }, "Clock", "wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			test.change(&p)
			found := false
			for _, f := range gmail.Doctor(t.Context(), p) {
				if f.Part == test.part && f.State == test.state {
					found = f.Remedy != ""
				} else if f.State == "wrong" {
					t.Errorf("%s is called wrong as well: %s", f.Part, f.Text)
				}
			}
			if !found && test.part != "" {
				t.Errorf("%s is not called %s with a remedy: %+v", test.part, test.state, gmail.Doctor(t.Context(), p))
			}
		})
	}
}
