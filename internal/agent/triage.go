package agent

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"applylens/internal/ingest"
	"applylens/internal/triage"
)

// A MailVerdict is what a run of inbox.triage answers for one mail. The mail is named by its identity, in base64; its
// reasons stand with the mail itself.
type MailVerdict struct {
	Mail        string `json:"mail"`
	Category    string `json:"category"`
	Priority    string `json:"priority"`
	Risk        int    `json:"risk"`
	NeedsReview bool   `json:"needs_review,omitempty"`
}

// Identity is the identity of the mail, or nil.
func (v MailVerdict) Identity() []byte {
	id, err := base64.RawStdEncoding.DecodeString(v.Mail)
	if err != nil {
		return nil
	}
	return id
}

// Judge is the ingest.Judge that makes the judging of each chunk a run of inbox.triage.
func (r *Runtime) Judge(ctx context.Context, c ingest.Chunk, work func(context.Context) (broken int)) (uuid.UUID, error) {
	ask := Ask{Agent: Triage(), UserID: c.UserID, Trigger: Trigger(c.Trigger), Parent: c.Parent, DryRun: c.DryRun, Input: c.Input(), Items: c.Len()}
	done, err := r.Do(ctx, ask, func(ctx context.Context, run *Run) error {
		end := run.Step("judge")
		broken := work(ctx)
		end("built-in rules and classifier")
		if ctx.Err() != nil {
			return ctx.Err()
		}
		run.note(c.Judged())
		if broken > 0 {
			run.Fail(fmt.Sprintf("%d of %d mails could not be judged because of a mistake of ours.", broken, c.Len()))
		}
		return nil
	})
	return done.ID, err
}

// note keeps the verdicts, and how many are unsure or dangerous.
func (r *Run) note(all []ingest.Judged) {
	out := append(make([]byte, 0, 150*len(all)+2), '[')
	review, risky := 0, 0
	for _, j := range all {
		if j.Verdict.Category == "" {
			continue // it broke
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = appendVerdict(out, j)
		if j.Verdict.NeedsReview {
			review++
		}
		if j.Verdict.Risk.Score >= 60 {
			risky++
		}
	}
	r.Detail("mode", "built-in")
	r.Detail("needs_review", review)
	r.Detail("high_risk", risky)
	r.Answer(json.RawMessage(append(out, ']')))
}

// appendVerdict writes a MailVerdict as JSON, ten times as quickly as encoding/json: its words need no escapes.
func appendVerdict(out []byte, j ingest.Judged) []byte {
	out = append(out, `{"mail":"`...)
	out = base64.RawStdEncoding.AppendEncode(out, j.Identity[:])
	out = append(append(out, `","category":"`...), j.Verdict.Category...)
	out = append(append(out, `","priority":"`...), j.Verdict.Priority...)
	out = strconv.AppendInt(append(out, `","risk":`...), int64(j.Verdict.Risk.Score), 10)
	if j.Verdict.NeedsReview {
		out = append(out, `,"needs_review":true`...)
	}
	return append(out, '}')
}

// A Comparison sets the stored verdicts on a person's mails beside those of this program.
type Comparison struct {
	Run     uuid.UUID
	Version string // of this program's judgement
	Mails   int
	Same    int
	Parts   []Count // in how many mails each part differs
	Moves   []Count // from one category to another, most frequent first
	Mail    []ingest.Rejudged
}

// A Count is how often something was found.
type Count struct {
	Name string `json:"name"`
	N    int    `json:"n"`
}

// Compare judges stored mails again as a dry run, and keeps where the verdicts are apart as documents of the run. Mail
// is for the mails' owner alone; the counts are for operators too.
func (r *Runtime) Compare(ctx context.Context, in *ingest.Ingest, box ingest.Mailbox, emails []int64, trigger Trigger) (c Comparison, err error) {
	box.Trigger = string(Other)
	ask := Ask{Agent: Triage(), UserID: box.UserID, Trigger: trigger, DryRun: true, Input: emails, Summary: fmt.Sprintf("the newest %d mails, judged again and compared", len(emails))}
	done, err := r.Do(ctx, ask, func(ctx context.Context, run *Run) error {
		end := run.Step("judge again")
		all, err := in.Rejudge(ctx, ingest.Rejudging{Mailbox: box, Emails: emails, Parent: run.ID, DryRun: true})
		end("")
		if err != nil {
			return err
		}
		c = compare(all)
		run.Detail("compared", c.Mails)
		run.Detail("same", c.Same)
		run.Detail("parts", c.Parts)
		run.Detail("moves", c.Moves)
		run.Answer(map[string]any{"compared": c.Mails, "same": c.Same, "differences": c.documents()})
		return run.keepComparison(c)
	})
	c.Run, c.Version = done.ID, triage.Version()
	return c, err
}

func compare(all []ingest.Rejudged) Comparison {
	c := Comparison{Version: triage.Version(), Mails: len(all)}
	parts, moves := map[string]int{}, map[string]int{}
	for _, m := range all {
		apart := m.Differences()
		if len(apart) == 0 {
			c.Same++
			continue
		}
		for _, part := range apart {
			parts[part]++
		}
		if slices.Contains(apart, "category") {
			moves[m.Email.Category+" → "+string(m.Now.Category)]++
		}
		c.Mail = append(c.Mail, m)
	}
	c.Parts, c.Moves = counts(parts), counts(moves)
	return c
}

func counts(of map[string]int) []Count {
	all := make([]Count, 0, len(of))
	for name, n := range of {
		all = append(all, Count{name, n})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name)) })
	return all
}

// A difference is how a mail with two verdicts is kept.
type difference struct {
	Mail  int64    `json:"mail"`
	Apart []string `json:"apart"`
	Was   side     `json:"was"`
	Now   side     `json:"now"`
}

type side struct {
	Category    string `json:"category"`
	Priority    string `json:"priority"`
	Risk        int    `json:"risk"`
	NeedsReview bool   `json:"needs_review"`
}

func (c Comparison) documents() []difference {
	all := make([]difference, len(c.Mail))
	for i, m := range c.Mail {
		all[i] = difference{m.Email.ID, m.Differences(), side{m.Email.Category, m.Email.Priority, int(m.Email.Risk), m.Email.NeedsReview},
			side{string(m.Now.Category), string(m.Now.Priority), m.Now.Risk.Score, m.Now.NeedsReview}}
	}
	return all
}

// keepComparison keeps the differences for programs and for reading.
func (r *Run) keepComparison(c Comparison) error {
	body, err := json.MarshalIndent(c.documents(), "", "\t")
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %d of %d verdicts are the same\n\nStored verdicts beside those of version %s.\n\n", c.Same, c.Mails, c.Version)
	b.WriteString("| mail | was | now |\n|---|---|---|\n")
	for _, d := range c.documents() {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", d.Mail, d.Was, d.Now)
	}
	if err := r.Keep(Artefact{"differences.json", JSON, string(body)}); err != nil {
		return err
	}
	return r.Keep(Artefact{"differences.md", Markdown, b.String()})
}

// String says a verdict in a line.
func (s side) String() string {
	line := fmt.Sprintf("%s, %s, risk %d", s.Category, s.Priority, s.Risk)
	if s.NeedsReview {
		line += ", needs review"
	}
	return line
}
