package remote

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// service answers as OpenAI's does, out of order, with a vector that tells the length of the text.
func service(t *testing.T, change func(w http.ResponseWriter, texts []string) bool) *Encoder {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Model string   `json:"model"`
			Input []string `json:"input"`
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || r.URL.Path != "/v1/embeddings" || asked.Model != "small" || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("asked %s with %+v: %v", r.URL.Path, asked, err)
		}
		w.Header().Set("Content-Type", "application/json")
		if change != nil && change(w, asked.Input) {
			return
		}
		type row struct {
			Index     int       `json:"index"`
			Embedding []float64 `json:"embedding"`
		}
		var data []row
		for i := len(asked.Input) - 1; i >= 0; i-- {
			data = append(data, row{i, []float64{float64(len(asked.Input[i])), 1}})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
	}))
	t.Cleanup(server.Close)
	e, err := New(server.URL+"/v1", "secret", "small")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPassages(t *testing.T) {
	largest := 0
	e := service(t, func(_ http.ResponseWriter, texts []string) bool {
		largest = max(largest, len(texts))
		return false
	})
	texts := make([]string, 150)
	for i := range texts {
		texts[i] = strings.Repeat("é", i*50)
	}
	vectors, err := e.Passages(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	if len(vectors) != 150 || largest > maxBatch {
		t.Fatalf("%d vectors, %d texts in one request", len(vectors), largest)
	}
	for i, v := range vectors {
		sent := min(max(100*i, 1), maxText)
		if want := float64(sent) / math.Hypot(float64(sent), 1); math.Abs(float64(v[0])-want) > 1e-5 {
			t.Errorf("text %d got the vector of another: %v, want %v", i, v[0], want)
		}
	}
	if !strings.HasPrefix(e.ID(), "small@127.0.0.1:") {
		t.Errorf("the model is called %q", e.ID())
	}
}

func TestBrokenAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"fewer":      `{"data":[{"index":0,"embedding":[1,0]}]}`,
		"none":       `{"data":[]}`,
		"no index":   `{"data":[{"index":7,"embedding":[1]},{"index":0,"embedding":[1]}]}`,
		"no numbers": `{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}`,
		"lengths":    `{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}`,
		"no JSON":    `<html>`,
	} {
		e := service(t, func(w http.ResponseWriter, _ []string) bool {
			_, _ = w.Write([]byte(body))
			return true
		})
		if v, err := e.Passages(t.Context(), []string{"a", "b"}); err == nil {
			t.Errorf("%s: %v", name, v)
		}
	}
	e := service(t, func(w http.ResponseWriter, _ []string) bool {
		time.Sleep(1500 * time.Millisecond)
		return false
	})
	began := time.Now()
	if _, err := e.Query(t.Context(), "a"); err == nil || time.Since(began) > 1400*time.Millisecond {
		t.Errorf("a slow service: %v after %s", err, time.Since(began))
	}
}

func TestNew(t *testing.T) {
	for _, x := range [][2]string{{"ftp://host/v1", "m"}, {"host", "m"}, {"http://host/v1", ""}, {"http://host/v1", "none"}} {
		if _, err := New(x[0], "", x[1]); err == nil {
			t.Errorf("%v was taken", x)
		}
	}
}
