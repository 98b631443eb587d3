// Package onnx runs the sentence models of package embed on this machine, without CGO: it fetches Microsoft's ONNX
// runtime and a model from Maven Central once, checks them against the sums written here, and calls the runtime through
// its C interface. Start at Local.
package onnx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"applylens/internal/embed"
)

// ErrPlatform means that Maven Central has no runtime for this machine.
var ErrPlatform = fmt.Errorf("onnx: there is no runtime for %s/%s: set EMBED_URL to a service, or EMBED_MODEL=none", runtime.GOOS, runtime.GOARCH)

// ErrMissing means that a file is not there yet and was not to be fetched.
var ErrMissing = errors.New("onnx: the model was not fetched yet")

// A Local opens models. It is safe for concurrent use; a process needs one.
type Local struct {
	Files   Files
	Threads int // of one computation; more are quicker, and leave less to others
	opened  opened
}

// Open returns a model that is ready, fetching first what is missing. The files are checked each time.
func (l *Local) Open(ctx context.Context, m embed.Model, fetch bool) (*Encoder, error) {
	lib, ok := libraries[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return nil, ErrPlatform
	}
	parts, ok := models[m.Name]
	if !ok {
		return nil, fmt.Errorf("onnx: there is no model %q", m.Name)
	}
	paths, err := l.Files.get(ctx, []file{lib, parts.tokenizer, parts.network}, fetch)
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(paths[1])
	if err != nil {
		return nil, err
	}
	tokenizer, err := embed.NewTokenizer(source)
	if err != nil {
		return nil, err
	}
	library, err := l.opened.open(paths[0])
	if err != nil {
		return nil, err
	}
	s, err := library.session(paths[2], max(l.Threads, 1))
	if err != nil {
		return nil, err
	}
	return &Encoder{model: m, tokenizer: tokenizer, session: s}, nil
}

// An Encoder makes vectors with one model. It is safe for concurrent use.
type Encoder struct {
	model     embed.Model
	tokenizer *embed.Tokenizer

	mu      sync.RWMutex // held for writing by Close
	session *session     // nil when closed
}

// ID names the model in the key of its vectors.
func (e *Encoder) ID() string { return e.model.Name }

// Close gives the model's memory back once the computations that run have ended.
func (e *Encoder) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.session != nil {
		e.session.close()
		e.session = nil
	}
}

// Query returns the vector of a text that is searched for, of length 1.
func (e *Encoder) Query(_ context.Context, text string) ([]float32, error) {
	vectors, err := e.run([][]int32{e.tokens(e.model.Query, text)})
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

// batchTokens bounds the tokens of one computation, rows times length: more take more memory and no less time.
const batchTokens = 2048

// Passages returns the vectors of texts that are found, of length 1. Texts of like length go together, since the
// shorter ones of a computation are filled up.
func (e *Encoder) Passages(ctx context.Context, texts []string) ([][]float32, error) {
	tokens, order := make([][]int32, len(texts)), make([]int, len(texts))
	for i, text := range texts {
		tokens[i], order[i] = e.tokens(e.model.Passage, text), i
	}
	slices.SortFunc(order, func(a, b int) int { return len(tokens[a]) - len(tokens[b]) })
	vectors := make([][]float32, len(texts))
	for len(order) > 0 {
		n := 1
		for n < len(order) && (n+1)*len(tokens[order[n]]) <= batchTokens {
			n++
		}
		var rows [][]int32
		for _, i := range order[:n] {
			rows = append(rows, tokens[i])
		}
		made, err := e.run(rows)
		if err != nil {
			return nil, err
		}
		for k, i := range order[:n] {
			vectors[i] = made[k]
		}
		order = order[n:]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return vectors, nil
}

func (e *Encoder) tokens(prefix, text string) []int32 {
	var b strings.Builder
	b.WriteString(prefix)
	b.WriteString(text)
	return e.tokenizer.Encode(b.String(), e.model.Tokens)
}

// run computes the vectors of rows of tokens, filled up to the longest.
func (e *Encoder) run(rows [][]int32) ([][]float32, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.session == nil {
		return nil, errors.New("onnx: the model was closed")
	}
	longest := 0
	for _, r := range rows {
		longest = max(longest, len(r))
	}
	ids, mask := make([]int64, len(rows)*longest), make([]int64, len(rows)*longest)
	for i, r := range rows {
		for j, id := range r {
			ids[i*longest+j], mask[i*longest+j] = int64(id), 1
		}
	}
	states, dims, err := e.session.run(ids, mask, len(rows))
	if err != nil {
		return nil, err
	}
	vectors := make([][]float32, len(rows))
	for i, r := range rows {
		from := i * longest * dims
		vectors[i] = embed.Pool(e.model.Pooling, states[from:from+len(r)*dims], dims)
	}
	return vectors, nil
}
