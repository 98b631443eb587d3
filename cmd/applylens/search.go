package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"applylens/internal/agent"
	"applylens/internal/config"
	"applylens/internal/search"
)

type searchCmd struct {
	Query   string `arg:"" optional:"" help:"What to search for; the grammar is on the search page."`
	Queries string `help:"A file with one query a line, or - for standard input." placeholder:"FILE"`
	User    string `required:"" help:"Whose mail to search." placeholder:"EMAIL"`
	Engine  string `enum:"any,postgres,elasticsearch" default:"any" help:"Which engine: ${enum}. Any is Elasticsearch where it is set up, with Postgres under it."`
	Limit   int    `default:"20" help:"Most hits to print."`
	JSON    bool   `name:"json" help:"Print one JSON object a query."`
}

// A found answer is one line of the output.
type found struct {
	Mode     string           `json:"mode"`
	Total    int              `json:"total"`           // mails that match
	Loose    int              `json:"loose,omitempty"` // mails with only some of the words, which follow when few match
	MS       float64          `json:"ms"`
	Hits     []foundHit       `json:"hits"`
	Warnings []search.Warning `json:"warnings,omitempty"`
}

type foundHit struct {
	ID         int64    `json:"id"`
	MessageID  string   `json:"message_id"`
	Subject    string   `json:"subject"`
	From       string   `json:"from"`
	Date       string   `json:"date"` // RFC 3339
	Score      float64  `json:"score"`
	Highlights []string `json:"highlights"` // marked words of the subject and the body
}

// Run answers the query, or each query of the file in order.
func (cmd *searchCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	if (cmd.Query == "") == (cmd.Queries == "") {
		return errors.New("give a query, or a file of queries with --queries")
	}
	if cmd.Limit < 1 || cmd.Limit > search.MaxHits {
		return fmt.Errorf("--limit must lie between 1 and %d", search.MaxHits)
	}
	queries, err := cmd.queries()
	if err != nil {
		return err
	}
	defer func() { _ = queries.Close() }()
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	userID, err := a.existingUser(ctx, cmd.User)
	if err == nil {
		err = a.owner.Drop() // the model does not run as root
	}
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	defer func() { err = errors.Join(err, out.Flush()) }()
	engine, err := a.engine(cmd.Engine)
	if err != nil {
		return err
	}
	if a.sense != nil {
		if err := a.sense.Prepare(ctx, a.db.As(userID), userID); err != nil {
			return err
		}
	}
	return cmd.each(queries, func(query string) error {
		began := time.Now()
		asked, req := search.Parse(query, began), search.Request{UserID: userID, Me: []string{strings.ToLower(cmd.User)}, Limit: cmd.Limit}
		result, err := a.agents.Search(ctx, agent.Person, asked, req, func(ctx context.Context) (search.Result, error) {
			return engine.Search(ctx, a.db.Owner(userID), asked, req)
		})
		if err != nil {
			return err
		}
		return cmd.print(out, result, float64(time.Since(began).Microseconds())/1000)
	})
}

// queries opens what is asked, one query a line.
func (cmd *searchCmd) queries() (io.ReadCloser, error) {
	switch cmd.Queries {
	case "":
		return io.NopCloser(strings.NewReader(strings.ReplaceAll(cmd.Query, "\n", " "))), nil
	case "-":
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(cmd.Queries)
}

func (cmd *searchCmd) each(in io.Reader, answer func(query string) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := answer(lines.Text()); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (cmd *searchCmd) print(out io.Writer, r search.Result, ms float64) error {
	if cmd.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		f := found{Mode: r.Mode, Total: r.Total, Loose: r.Loose, MS: ms, Hits: make([]foundHit, len(r.Hits)), Warnings: r.Warnings}
		for i, h := range r.Hits {
			f.Hits[i] = foundHit{ID: h.ID, MessageID: h.MessageID, Subject: h.Subject, From: sender(h), Date: h.ReceivedAt.Format(time.RFC3339),
				Score: h.Score, Highlights: append(marked(h.Subject, h.SubjectSpans), marked(h.Snippet.Text, h.Snippet.Spans)...)}
		}
		return encoder.Encode(f)
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(os.Stderr, "warning: "+w.Msg)
	}
	for _, h := range r.Hits {
		if _, err := fmt.Fprintf(out, "%s  %-30.30s  %s\n", h.ReceivedAt.Format("2006-01-02"), sender(h), h.Subject); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%d found by %s in %.1f ms\n", r.Total, r.Mode, ms)
	return err
}

func sender(h search.Hit) string {
	if h.FromName == "" {
		return h.FromAddress
	}
	return h.FromName + " <" + h.FromAddress + ">"
}

func marked(text string, spans []search.Span) []string {
	out := make([]string, 0, len(spans))
	for _, s := range spans {
		out = append(out, text[s.Start:s.End])
	}
	return out
}
