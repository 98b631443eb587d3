// Package config holds the settings: one struct whose tags are the documented table of flags and environment
// variables, and the checks that stop a start whose settings are unknown or contradict each other.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Settings are shared by all commands. The struct tags are read by kong.
type Settings struct {
	Data               string   `name:"data" env:"APPLYLENS_DATA" help:"Folder of the embedded Postgres and the originals. Default: ~/.local/share/applylens, as root /var/lib/applylens." placeholder:"DIR"`
	DatabaseURL        string   `name:"database-url" env:"DATABASE_URL" help:"A Postgres server (15 or newer) instead of the embedded one." placeholder:"URL"`
	MigrateDatabaseURL string   `name:"migrate-database-url" env:"MIGRATE_DATABASE_URL" help:"Connection of the owner of the tables, for migrations, where DATABASE_URL is the program's own role." placeholder:"URL"`
	Blobs              string   `name:"blobs" env:"APPLYLENS_BLOBS" help:"Where originals lie: a folder or s3://BUCKET?region=REGION. Default: DATA/blobs." placeholder:"ADDRESS"`
	ElasticsearchURL   string   `name:"elasticsearch-url" env:"ELASTICSEARCH_URL" help:"An Elasticsearch (8.x) that searches instead of the word index in Postgres, which stays as the net under it." placeholder:"URL"`
	ElasticsearchIndex string   `name:"elasticsearch-index" env:"ELASTICSEARCH_INDEX" default:"emails" help:"What the names of its indices begin with." placeholder:"NAME"`
	RedisURL           string   `name:"redis-url" env:"REDIS_URL" help:"A Redis that several processes count requests in. Without one each counts its own." placeholder:"URL"`
	LogFormat          string   `name:"log-format" env:"APPLYLENS_LOG_FORMAT" enum:"text,json" default:"text" help:"Form of the log: ${enum}."`
	LogLevel           string   `name:"log-level" env:"APPLYLENS_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least level that is logged: ${enum}."`
	Google             Google   `embed:""`
	Alerting           Alerting `embed:""`
	Metrics            Metrics  `embed:""`
	LLM                LLM      `embed:""`
	Embed              Embed    `embed:""`
}

// Embed are the settings of search by meaning. docs/search.md tells what they do.
type Embed struct {
	Model   string `name:"embed-model" env:"EMBED_MODEL" help:"Sentence model: e5-small-v2 (the default), bge-small-en-v1.5, all-minilm-l6-v2, none; with EMBED_URL that of the service." placeholder:"NAME"`
	URL     string `name:"embed-url" env:"EMBED_URL" help:"A service that makes vectors, as OpenAI's does, instead of this machine: texts of mail go there." placeholder:"URL"`
	Key     string `name:"embed-key" env:"EMBED_KEY" help:"Its key." placeholder:"KEY"`
	Threads int    `name:"embed-threads" env:"EMBED_THREADS" default:"1" help:"Processors that making vectors may take." placeholder:"N"`
	Maven   string `name:"maven-url" env:"MAVEN_URL" help:"A mirror of Maven Central, for the model and its runtime." placeholder:"URL"`
}

// Google are the settings of Gmail; without a client id mail comes from files alone. docs/gmail.md goes through them.
type Google struct {
	ClientID     string        `name:"google-client-id" env:"GOOGLE_CLIENT_ID" help:"OAuth client of the Google Cloud project." placeholder:"ID"`
	ClientSecret string        `name:"google-client-secret" env:"GOOGLE_CLIENT_SECRET" help:"Its secret." placeholder:"SECRET"`
	Base         string        `name:"google-url" env:"GOOGLE_URL" help:"A server that plays Google, for tests." placeholder:"URL"`
	Topic        string        `name:"google-topic" env:"GOOGLE_PUBSUB_TOPIC" help:"Topic of Pub/Sub for pushes: projects/P/topics/T. Without one accounts are polled." placeholder:"TOPIC"`
	Subscription string        `name:"google-subscription" env:"GOOGLE_PUBSUB_SUBSCRIPTION" help:"Its subscription: projects/P/subscriptions/S." placeholder:"SUBSCRIPTION"`
	Pull         bool          `name:"google-pull" env:"GOOGLE_PUBSUB_PULL" help:"Fetch pushes from the subscription instead of receiving them at /gmail/push."`
	Credentials  string        `name:"google-credentials" env:"GOOGLE_APPLICATION_CREDENTIALS" help:"Key file of the service account that fetches pushes." placeholder:"FILE"`
	PushAudience string        `name:"google-push-audience" env:"GOOGLE_PUSH_AUDIENCE" help:"Audience of push tokens. Default: the site's address and /gmail/push." placeholder:"TEXT"`
	PushAccount  string        `name:"google-push-account" env:"GOOGLE_PUSH_ACCOUNT" help:"Service account that signs push tokens." placeholder:"EMAIL"`
	Quota        string        `name:"google-quota" env:"GOOGLE_QUOTA" help:"Units of the project, where they differ from those of 2026: user=6000,project=1200000,messages.get=20,…" placeholder:"LIST"`
	Keyset       string        `name:"keyset" env:"APPLYLENS_KEYSET" help:"Keys that seal tokens, as base64. Default: the file tokens.keyset in the data folder." placeholder:"BASE64"`
	Poll         time.Duration `name:"google-poll" env:"GOOGLE_POLL" default:"2m" help:"How often accounts are looked at where no pushes come; a look costs 2 units."`
	SignUp       string        `name:"sign-up" env:"APPLYLENS_SIGN_UP" help:"Who may sign in with Google without being known yet: domains, comma-separated, or any. Default: nobody." placeholder:"DOMAINS"`
}

// Web are the settings of the web server.
type Web struct {
	Listen string `name:"listen" env:"APPLYLENS_LISTEN" default:"127.0.0.1:8080" help:"Address to listen on; port 0 takes a free one." placeholder:"HOST:PORT"`
	URL    string `name:"url" env:"APPLYLENS_URL" help:"Address under which people reach the site. Default: http:// and the address listened on." placeholder:"URL"`
	User   string `name:"user" env:"APPLYLENS_USER" default:"owner@localhost" help:"Address of the mailbox's owner, for whom the sign-in link is printed." placeholder:"EMAIL"`
	Worker bool   `name:"worker" env:"APPLYLENS_WORKER" default:"true" negatable:"" help:"Also carry out background jobs."`
	Rate   int64  `name:"api-rate" env:"APPLYLENS_API_RATE" default:"600" help:"Requests of programs a person has a minute."`
	Sample bool   `name:"sample" env:"APPLYLENS_SAMPLE" default:"true" negatable:"" help:"Load the sample mailbox when the owner is new."`
}

// known are all variables with our prefix, so that a misspelt one is found.
var known = []string{"APPLYLENS_DATA", "APPLYLENS_BLOBS", "APPLYLENS_LOG_FORMAT", "APPLYLENS_LOG_LEVEL", "APPLYLENS_LISTEN", "APPLYLENS_URL",
	"APPLYLENS_USER", "APPLYLENS_WORKER", "APPLYLENS_SAMPLE", "APPLYLENS_TEST_DATA", "APPLYLENS_KEYSET", "APPLYLENS_SIGN_UP", "APPLYLENS_API_RATE",
	"APPLYLENS_METRICS_LISTEN", "APPLYLENS_METRICS_TOKEN"}

// CheckEnvironment refuses variables with our prefix that mean nothing.
func CheckEnvironment(environ []string) error {
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "APPLYLENS_") && !slices.Contains(known, name) {
			return fmt.Errorf("the environment variable %s is unknown; known are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// Check refuses settings that contradict each other, and fills in the data folder.
func (s *Settings) Check() error {
	if s.MigrateDatabaseURL != "" && s.DatabaseURL == "" {
		return fmt.Errorf("MIGRATE_DATABASE_URL is set but DATABASE_URL is not: set both, or neither for the embedded Postgres")
	}
	for name, value := range map[string]string{"DATABASE_URL": s.DatabaseURL, "MIGRATE_DATABASE_URL": s.MigrateDatabaseURL} {
		if value != "" && !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") {
			return fmt.Errorf("%s must begin with postgres:// or postgresql://", name)
		}
	}
	if s.RedisURL != "" && !strings.HasPrefix(s.RedisURL, "redis://") && !strings.HasPrefix(s.RedisURL, "rediss://") {
		return fmt.Errorf("REDIS_URL must begin with redis:// or rediss://")
	}
	if err := errors.Join(s.Google.check(), s.Embed.check()); err != nil {
		return err
	}
	if err := s.Alerting.check(); err != nil {
		return err
	}
	if err := s.Metrics.check(); err != nil {
		return err
	}
	if err := s.LLM.check(); err != nil {
		return err
	}
	if s.Data != "" {
		return nil
	}
	dir, err := defaultData()
	s.Data = dir
	return err
}

func (e *Embed) check() error {
	switch {
	case e.URL != "" && e.Model == "":
		return errors.New("EMBED_URL wants EMBED_MODEL, the name of a model of that service")
	case e.URL == "" && e.Key != "":
		return errors.New("EMBED_KEY is the key of the service at EMBED_URL, which is not set")
	case e.Threads < 0 || e.Threads > 64:
		return errors.New("EMBED_THREADS must lie between 1 and 64 (0 is 1)")
	}
	return nil
}

func (g *Google) check() error {
	switch {
	case g.ClientID != "" && g.Poll < time.Second:
		return fmt.Errorf("GOOGLE_POLL must be a second or more")
	case (g.ClientID == "") != (g.ClientSecret == ""):
		return fmt.Errorf("GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET go together: set both or neither")
	case g.Topic != "" && (!strings.HasPrefix(g.Topic, "projects/") || !strings.Contains(g.Topic, "/topics/")):
		return fmt.Errorf("GOOGLE_PUBSUB_TOPIC must read projects/PROJECT/topics/TOPIC")
	case g.Subscription != "" && (!strings.HasPrefix(g.Subscription, "projects/") || !strings.Contains(g.Subscription, "/subscriptions/")):
		return fmt.Errorf("GOOGLE_PUBSUB_SUBSCRIPTION must read projects/PROJECT/subscriptions/SUBSCRIPTION")
	case g.Pull && (g.Subscription == "" || g.Topic == ""):
		return fmt.Errorf("GOOGLE_PUBSUB_PULL needs GOOGLE_PUBSUB_TOPIC and GOOGLE_PUBSUB_SUBSCRIPTION")
	case g.Topic != "" && !g.Pull && g.PushAccount == "":
		return fmt.Errorf("pushes to /gmail/push need GOOGLE_PUSH_ACCOUNT, the service account that signs them; or set GOOGLE_PUBSUB_PULL")
	}
	return nil
}

// Check refuses an address that cannot be listened on or linked to.
func (w *Web) Check() error {
	if _, _, err := net.SplitHostPort(w.Listen); err != nil {
		return fmt.Errorf("--listen %q is not HOST:PORT", w.Listen)
	}
	if w.URL != "" {
		u, err := url.Parse(w.URL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return fmt.Errorf("--url %q must be http:// or https:// and a host, without a path", w.URL)
		}
	}
	if w.Rate < 1 {
		return fmt.Errorf("--api-rate must be at least 1")
	}
	if !strings.Contains(w.User, "@") {
		return fmt.Errorf("--user %q is not an e-mail address", w.User)
	}
	return nil
}

// BlobAddress is where originals lie.
func (s *Settings) BlobAddress() string {
	if s.Blobs != "" {
		return s.Blobs
	}
	return filepath.Join(s.Data, "blobs")
}

// Logger writes to standard error in the chosen form. Nothing that is logged holds secrets or text of mail.
func (s *Settings) Logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // kong has checked it
	opts := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}

func defaultData() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/applylens", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "applylens"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no home folder: choose a data folder with --data: %w", err)
	}
	return filepath.Join(home, ".local", "share", "applylens"), nil
}
