package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"applylens/internal/db"
	"applylens/internal/embed"
)

// Like is the field of like:7: mail that is near the conversation with this number in meaning, and not in it.
const Like = "like"

// Mail is near a text in meaning when it is one of the nearest, a nearShare-th of all but no fewer than nearMost, and
// nearer than most: nearZ standard deviations above the mean.
const (
	nearMost  = 1000
	nearShare = 50
	nearZ     = 1.5

	compareThreads = 2 // processors that one comparison may take
)

// meaningField tells that a term is found by meaning.
func meaningField(field string) bool { return field == Meaning || field == Like }

// An asking is what a query wants to know of meaning, with all that is known before its words are looked up.
type asking struct {
	sense   *Sense
	model   string
	version int64
	text    string  // what is compared with the mail; empty: nothing, but for terms that are found by meaning
	terms   []*Node // those terms that are not negated
	why     string  // why there is no meaning, for people; empty when there is
	vector  chan answer
}

type answer struct {
	vector []float32
	err    error
}

// ask begins to find out what a query means, beside the looking up of its words; nil when meaning has no part in it.
func (p *Postgres) ask(ctx context.Context, conn db.DBTX, q *Query, r Request, rank bool) (*asking, error) {
	if p.Sense == nil || q.Root == nil {
		return nil, nil
	}
	a := &asking{sense: p.Sense}
	var words []string
	found, unfinished := false, false
	q.Terms(func(n *Node, negated bool) {
		switch {
		case meaningField(n.Field):
			found = true
			if !negated && !n.Ignored && rank {
				a.terms = append(a.terms, n)
			}
		case !negated && !n.Ignored && ranked(n.Field):
			words = append(words, n.Value)
			unfinished = unfinished || n.Prefix
		}
	})
	if !found && (len(words) == 0 || !rank) {
		return nil, nil
	}
	if len(a.terms) == 0 && !unfinished && rank {
		a.text = strings.Join(words, " ")
	}
	if !found && unfinished {
		a.why = "an unfinished word has no meaning"
		return a, nil
	}
	var err error
	if a.model, a.version, err = a.sense.choose(ctx, db.New(db.Planned(conn)), r.UserID); err != nil {
		return nil, err
	}
	if a.version == 0 {
		a.why = "no mail has a vector yet"
		return a, nil
	}
	if _, err := a.sense.ready(ctx, a.model); err != nil {
		a.why = reason(err)
		return a, nil
	}
	if a.text != "" {
		a.vector = make(chan answer, 1)
		go func() {
			v, err := a.sense.Query(ctx, a.model, a.text)
			a.vector <- answer{v, err}
		}()
	}
	return a, nil
}

// ok tells that meaning can be asked for.
func (a *asking) ok() bool { return a != nil && a.why == "" }

// reason says for people why there is no meaning.
func reason(err error) string {
	if errors.Is(err, ErrOpening) {
		return ErrOpening.Error()
	}
	return "the model cannot be used"
}

// vectors returns the owner's vectors.
func (a *asking) vectors(ctx context.Context, q *db.Queries, userID int64) (*vectorSet, error) {
	most := a.sense.Memory
	if most == 0 {
		most = memoryVectors
	}
	return a.sense.vectors.get(ctx, q, userID, a.model, a.version, most)
}

// of returns the vector of a term that is found by meaning; nil when there is none, with why.
func (a *asking) of(ctx context.Context, q *db.Queries, userID int64, n *Node) (vector []float32, why string, err error) {
	if n.Field == Meaning {
		v, err := a.sense.Query(ctx, a.model, n.Value)
		if err != nil {
			return nil, reason(err), nil
		}
		return v, "", nil
	}
	thread, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return nil, "like: wants the number of a conversation", nil
	}
	rows, err := q.VectorsOfThread(ctx, db.VectorsOfThreadParams{UserID: userID, Model: a.model, ThreadID: thread})
	if err != nil {
		return nil, "", fmt.Errorf("search: vectors of a thread: %w", err)
	}
	var all [][]float32
	for _, row := range rows {
		all = append(all, embed.Direction(row))
	}
	if len(all) == 0 {
		return nil, "the conversation has no vector yet, or there is none with this number", nil
	}
	return embed.Sum(all), "", nil
}

// A nearSet is an argument that is known once a term was compared with the owner's mail: the ids of the emails near it.
type nearSet struct{ node *Node }

// near finds the emails near a term in meaning.
func (c *compiler) near(n *Node) string {
	if !c.meaning.ok() {
		why := ""
		if c.meaning != nil {
			why = " (" + c.meaning.why + ")"
		}
		c.warn(n, "meaning is not searchable here"+why+": left out")
		return ""
	}
	found := "e.id = any (" + c.arg(nearSet{n}) + "::bigint[])"
	if n.Field == Like {
		if thread, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			found = "(" + found + " and e.thread_id <> " + c.arg(thread) + "::bigint)"
		}
	}
	return found
}

// A meant is what a query means beside an owner's mail.
type meant struct {
	*compared
	unknown float32 // the z of mail without a vector
}

// meaning compares what is asked with the owner's mail, and gives the arguments that are sets of near emails their
// values. It returns nil when there is nothing to rank by.
func (p *Postgres) meaning(ctx context.Context, conn db.DBTX, r Request, a *asking, made *plan) (*meant, error) {
	if !a.ok() {
		return nil, nil
	}
	q := db.New(conn)
	set, err := a.vectors(ctx, q, r.UserID)
	if err != nil {
		return nil, err
	}
	var asked [][]float32
	var last *compared
	for i, arg := range made.args {
		near, ok := arg.(nearSet)
		if !ok {
			continue
		}
		v, why, err := a.of(ctx, q, r.UserID, near.node)
		if err != nil {
			return nil, err
		}
		if v == nil {
			made.warnings = append(made.warnings, Warning{Pos: near.node.Pos, End: near.node.End, Msg: why})
			made.args[i] = []int64{}
			continue
		}
		last = set.compare(v, compareThreads)
		made.args[i] = last.near()
		if slices.Contains(a.terms, near.node) {
			asked = append(asked, v)
		} else {
			last = nil
		}
	}
	if a.text != "" {
		got := <-a.vector
		if got.err != nil {
			a.why = reason(got.err)
			return nil, ctx.Err()
		}
		asked = append(asked, got.vector)
	}
	switch {
	case len(asked) == 0:
		return nil, nil
	case len(asked) == 1 && last != nil:
		return &meant{compared: last}, nil
	}
	return &meant{compared: set.compare(embed.Sum(asked), compareThreads)}, nil
}

// near returns the ids of the emails that are near, in order.
func (c *compared) near() []int64 {
	best := page{most: max(nearMost, len(c.cosines)/nearShare)}
	for row := range c.cosines {
		if z := c.z(int32(row)); z >= nearZ {
			best.add(matched{id: c.set.ids[row], score: z})
		}
	}
	ids := idsOf(best.best)
	slices.Sort(ids)
	return ids
}
