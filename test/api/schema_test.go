// Package api tries the API of the running program against its own description, with schemathesis.
package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"applylens/test/program"
)

// TestSchema lets schemathesis make up requests, right and wrong ones, for every operation: no answer may be a server
// error, or one that the description does not know.
func TestSchema(t *testing.T) {
	root, err := program.Root()
	if err != nil {
		t.Fatal(err)
	}
	tool := filepath.Join(root, "bin", "python", "bin", "schemathesis")
	if _, err := os.Stat(tool); err != nil {
		t.Skip("schemathesis is not installed: scripts/setup.sh test brings it into bin/python")
	}
	p := run(t)
	base, err := url.Parse(p.Link)
	if err != nil {
		t.Fatal(err)
	}
	base.Path = ""
	made := token(t, p.Link)
	for name, flags := range map[string][]string{
		"right and wrong": {"--phases", "examples,coverage"},
		"made up":         {"--phases", "fuzzing", "--mode", "positive", "--max-examples", examples()}, // wrong ones break HTTP itself, which Go answers
	} {
		t.Run(name, func(t *testing.T) { schemathesis(t, tool, base.String(), made, flags) })
	}
}

func schemathesis(t *testing.T, tool, base, token string, flags []string) {
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	args := append([]string{"run", base + "/api/openapi.json", "--url", base + "/api/v1", "--header", "Authorization: Bearer " + token, "--checks", checks,
		"--generation-deterministic", "--workers", "2", "--request-timeout", "20"}, flags...)
	cmd := exec.CommandContext(ctx, tool, args...) //nolint:gosec // the tool of the project
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, tail(string(out), 12_000))
	}
	t.Log(tail(string(out), 1500))
}

// checks are those of what is answered. Left out are those that hold a request against its schema: a query may ask for
// nothing and a proposal be decided, which no schema says, and an empty parameter is taken as none.
const checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance," +
	"missing_required_header,unsupported_method,ignored_auth"

// examples is how many requests are made up for each operation in a run; more of them run for longer.
func examples() string {
	if n := os.Getenv("APPLYLENS_TEST_EXAMPLES"); n != "" {
		return n
	}
	return "20"
}

// run starts the program on an empty folder with the sample mailbox.
func run(t *testing.T) *program.Program {
	t.Helper()
	data, err := program.NewFolder("applylens-api")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	bin, err := program.Build(ctx, filepath.Dir(data))
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.Start(ctx, bin, data, "--sample", "--api-rate", "1000000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(filepath.Dir(data))
	})
	return p
}

var madeToken = regexp.MustCompile(`applylens_[A-Za-z0-9_-]{30,}`)

// token signs in and makes a token that may do everything, as a person would on the page.
func token(t *testing.T, link string) string {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: 30 * time.Second}
	got, err := client.Get(link)
	get(t, got, err)
	at, _, _ := strings.Cut(link, "/sign-in/")
	got, err = client.PostForm(at+"/settings/tokens", url.Values{"name": {"schemathesis"}, "days": {"1"}, "scope": {"mail:read", "mail:write", "ops:read", "ops:write"}})
	page := get(t, got, err)
	made := madeToken.FindString(page)
	if made == "" {
		t.Fatal("the page shows no token")
	}
	return made
}

func get(t *testing.T, res *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	return string(body)
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return fmt.Sprintf("… %d bytes before …\n%s", len(s)-n, s[len(s)-n:])
}
