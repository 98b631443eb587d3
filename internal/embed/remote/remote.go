// Package remote makes sentence vectors with a service: any that answers POST /embeddings as OpenAI's does, such as
// Ollama, vLLM or llama.cpp on a machine nearby. Texts of mail go there, so it is used only when it is configured.
package remote

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"applylens/internal/embed"
)

const (
	maxBatch = 64     // texts of one request
	maxText  = 4_000  // bytes of a text: some 1,000 tokens
	maxDims  = 16_000 // of an answer
)

// An Encoder asks one model of a service.
type Encoder struct {
	client openai.Client
	model  string
	id     string
}

// New returns an encoder of a model at an address such as https://api.openai.com/v1. The key may be empty.
func New(address, key, model string) (*Encoder, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("EMBED_URL %q must be http:// or https://, a host and a path such as /v1", address)
	}
	if model == "" || model == embed.None {
		return nil, errors.New("EMBED_URL wants EMBED_MODEL, the name of a model of that service")
	}
	client := openai.NewClient(option.WithBaseURL(address), option.WithAPIKey(key), option.WithMaxRetries(3), option.WithRequestTimeout(time.Minute))
	return &Encoder{client: client, model: model, id: model + "@" + u.Host}, nil
}

// ID names the model and the service in the key of its vectors.
func (e *Encoder) ID() string { return e.id }

// Query returns the vector of a text that is searched for, of length 1. It waits a second at most.
func (e *Encoder) Query(ctx context.Context, text string) ([]float32, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	vectors, err := e.ask(ctx, []string{text}, option.WithMaxRetries(0))
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

// Passages returns the vectors of texts that are found, of length 1.
func (e *Encoder) Passages(ctx context.Context, texts []string) (vectors [][]float32, err error) {
	for at := 0; at < len(texts); at += maxBatch {
		made, err := e.ask(ctx, texts[at:min(at+maxBatch, len(texts))])
		if err != nil {
			return nil, err
		}
		vectors = append(vectors, made...)
	}
	return vectors, nil
}

func (e *Encoder) ask(ctx context.Context, texts []string, opts ...option.RequestOption) ([][]float32, error) {
	input := make([]string, len(texts))
	for i, text := range texts {
		if input[i] = embed.Cut(text, maxText); input[i] == "" {
			input[i] = " " // services refuse an empty text
		}
	}
	answer, err := e.client.Embeddings.New(ctx, openai.EmbeddingNewParams{Model: e.model, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: input},
		EncodingFormat: openai.EmbeddingNewParamsEncodingFormatFloat}, opts...)
	if err != nil {
		return nil, fmt.Errorf("embeddings of %s: %w", e.id, err)
	}
	vectors := make([][]float32, len(texts))
	for _, d := range answer.Data {
		if d.Index < 0 || int(d.Index) >= len(texts) || len(d.Embedding) == 0 || len(d.Embedding) > maxDims {
			return nil, fmt.Errorf("embeddings of %s: the answer makes no sense", e.id)
		}
		v := make([]float32, len(d.Embedding))
		for i, x := range d.Embedding {
			v[i] = float32(x)
		}
		vectors[d.Index] = embed.Normalise(v)
	}
	for _, v := range vectors {
		if v == nil || len(v) != len(vectors[0]) {
			return nil, fmt.Errorf("embeddings of %s: %d texts, %d answers", e.id, len(texts), len(answer.Data))
		}
	}
	return vectors, nil
}
