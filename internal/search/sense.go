package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"applylens/internal/db"
	"applylens/internal/embed/scan"
)

// An Encoder makes vectors of texts: a model on this machine (embed/onnx) or a service (embed/remote). It is safe for
// concurrent use.
type Encoder interface {
	ID() string                                                                    // of the model, in the key of its vectors
	Query(ctx context.Context, text string) ([]float32, error)                     // of a text that is searched for
	Passages(ctx context.Context, texts []string) (vectors [][]float32, err error) // of texts that are found
}

// A Sense finds mail by meaning. Its vectors lie in Postgres and, of the owners who search, in memory. It opens a model
// when it is first needed, beside the search that needs it; until then, and without one, mail is found by words.
type Sense struct {
	Model  string // of new vectors
	Open   func(ctx context.Context, model string) (Encoder, error)
	Now    func() time.Time
	Memory int64 // most bytes of vectors in memory; 0 is 512 MB

	mu      sync.Mutex
	models  map[string]*opening
	texts   texts
	vectors vectorMemory
}

// An opening is a model that is ready, being opened, or could not be.
type opening struct {
	began   time.Time
	done    chan struct{} // closed at the end
	encoder Encoder
	err     error
	used    time.Time // latest; of a failure, its time
}

const (
	again    = 5 * time.Minute        // after a failure until a model is tried again
	patience = 700 * time.Millisecond // that a search waits for a model which is being opened, as it is once a process
	idle     = 10 * time.Minute       // after which a model's memory is given back
)

// ErrOpening means that a model is not ready yet.
var ErrOpening = errors.New("the model is being prepared")

// open returns the opening of a model, beginning it if need be.
func (s *Sense) open(model string) *opening {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.models == nil {
		s.models = map[string]*opening{}
	}
	now := s.Now()
	if o := s.models[model]; o != nil {
		select {
		case <-o.done:
			if o.err == nil {
				o.used = now
				return o
			}
			if now.Sub(o.used) < again {
				return o
			}
		default:
			return o
		}
	}
	o := &opening{began: now, done: make(chan struct{})}
	s.models[model] = o
	go func() {
		defer close(o.done)
		o.encoder, o.err = s.Open(context.Background(), model) // for all who want it, so nobody's context
		o.used = s.Now()
	}()
	return o
}

// Rest gives back the memory of models that nobody has used for a while.
func (s *Sense) Rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, o := range s.models {
		select {
		case <-o.done:
		default:
			continue
		}
		if o.err != nil || s.Now().Sub(o.used) < idle {
			continue
		}
		delete(s.models, name)
		if model, ok := o.encoder.(interface{ Close() }); ok {
			go model.Close() // it waits for computations that run
		}
	}
}

// Encoder returns a model and waits for it.
func (s *Sense) Encoder(ctx context.Context, model string) (Encoder, error) {
	o := s.open(model)
	select {
	case <-o.done:
		return o.encoder, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ready is Encoder with little waiting.
func (s *Sense) ready(ctx context.Context, model string) (Encoder, error) {
	o := s.open(model)
	select {
	case <-o.done:
		return o.encoder, o.err
	default:
	}
	select {
	case <-o.done:
		return o.encoder, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(patience - s.Now().Sub(o.began)):
		return nil, ErrOpening
	}
}

// choose returns the model whose vectors serve an owner, and their version, 0 when there are none. While the vectors
// of a new model are made those of the old one serve, which were begun before; they are deleted when all is there.
func (s *Sense) choose(ctx context.Context, q *db.Queries, userID int64) (model string, version int64, err error) {
	sets, err := q.VectorSets(ctx, userID)
	if err != nil {
		return "", 0, fmt.Errorf("search: vectors: %w", err)
	}
	slices.SortFunc(sets, func(a, b db.VectorSetsRow) int { return cmp.Compare(a.Version, b.Version) })
	for _, set := range sets {
		if _, err := s.ready(ctx, set.Model); err == nil || set.Model == s.Model || errors.Is(err, ErrOpening) {
			return set.Model, set.Version, nil
		}
	}
	return s.Model, 0, nil
}

// Prepare waits until an owner's mail can be searched by meaning, if it has vectors. What fails is said by each search.
func (s *Sense) Prepare(ctx context.Context, q *db.Queries, userID int64) error {
	model, version, err := s.choose(ctx, q, userID)
	if err == nil && version > 0 {
		_, _ = s.Encoder(ctx, model)
	}
	return err
}

// Query returns the vector of a text that is searched for, which it remembers.
func (s *Sense) Query(ctx context.Context, model, text string) ([]float32, error) {
	key := model + "\x00" + text
	if v := s.texts.get(key); v != nil {
		return v, nil
	}
	e, err := s.ready(ctx, model)
	if err != nil {
		return nil, err
	}
	v, err := e.Query(ctx, text)
	if err == nil {
		s.texts.put(key, v)
	}
	return v, err
}

// texts remembers the vectors of the latest queries.
type texts struct {
	mu   sync.Mutex
	keys []string // oldest first
	made map[string][]float32
}

const maxTexts = 512

func (t *texts) get(key string) []float32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.made[key]
}

func (t *texts) put(key string, v []float32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made == nil {
		t.made = map[string][]float32{}
	}
	if t.made[key] == nil {
		t.keys = append(t.keys, key)
	}
	t.made[key] = v
	for len(t.keys) > maxTexts {
		delete(t.made, t.keys[0])
		t.keys = slices.Delete(t.keys, 0, 1)
	}
}

// compared is the vectors of an owner beside one that is searched for.
type compared struct {
	set     *vectorSet
	cosines []float32 // by row
	mean    float32
	scale   float32 // 1 / standard deviation
}

// compare compares a vector with all of an owner's.
func (v *vectorSet) compare(query []float32, threads int) *compared {
	c := &compared{set: v, cosines: make([]float32, len(v.norms))}
	q := scan.NewQuery(query)
	if q.Dims() != v.dims || len(v.norms) == 0 {
		return c
	}
	q.Cosines(v.vectors, v.norms, c.cosines, threads)
	c.mean, c.scale = standard(c.cosines)
	return c
}

// z returns by how many standard deviations the mail of a row is nearer than the mean.
func (c *compared) z(row int32) float32 { return (c.cosines[row] - c.mean) * c.scale }
