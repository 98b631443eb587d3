package onnx

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"applylens/internal/embed"
)

// real opens a model, fetched once into the cache of the user who runs the test. Without a network the test is skipped.
func real(t testing.TB, name string) *Encoder {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "applylens")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m, ok := embed.ModelOf(name)
	if !ok {
		t.Fatalf("no model %s", name)
	}
	l := &Local{Files: Files{Dir: dir}, Threads: 2}
	e, err := l.Open(t.Context(), m, true)
	if err != nil {
		t.Skipf("the model cannot be fetched: %v", err)
	}
	t.Cleanup(e.Close)
	return e
}

func cosine(a, b []float32) float64 {
	dot := 0.0
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
	}
	return dot
}

func TestMeaningIsFoundWithoutItsWords(t *testing.T) {
	names := []string{embed.Models()[0].Name}
	if !testing.Short() {
		names = nil
		for _, m := range embed.Models() {
			names = append(names, m.Name)
		}
	}
	for _, name := range names {
		e := real(t, name)
		q, err := e.Query(t.Context(), "when do we talk about the job?")
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Passages(t.Context(), []string{
			"Your interview with the hiring manager is on Tuesday at ten.", "The invoice for March is attached.", strings.Repeat("Lunch at the lake? ", 200), ""})
		if err != nil {
			t.Fatal(err)
		}
		if len(q) != 384 || math.Abs(cosine(q, q)-1) > 1e-4 || math.Abs(cosine(p[2], p[2])-1) > 1e-4 {
			t.Errorf("%s: %d dimensions, length² %v", name, len(q), cosine(q, q))
		}
		if cosine(q, p[0]) <= cosine(q, p[1]) || cosine(q, p[0]) <= cosine(q, p[2]) {
			t.Errorf("%s: interview %.3f, invoice %.3f, lunch %.3f", name, cosine(q, p[0]), cosine(q, p[1]), cosine(q, p[2]))
		}
	}
}

// The reference was computed with Python: tokenizers 0.23, onnxruntime 1.32, mean of last_hidden_state, length 1.
func TestSameAsPython(t *testing.T) {
	e := real(t, "e5-small-v2")
	v, err := e.Query(t.Context(), "Straße & Café: 2 offers, don't reply-all!")
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{-0.0225, 0.0521, -0.0126, 0.0562, -0.0168, 0.0330, 0.0839, -0.0458, -0.0259, 0.0648, 0.0537, -0.0265}
	for i, x := range want {
		if math.Abs(float64(v[i]-x)) > 0.01 {
			t.Errorf("component %d is %.4f, want %.4f", i, v[i], x)
		}
	}
}

// Several callers use one model, and one closes it while others compute.
func TestSeveralAtOnce(t *testing.T) {
	e := real(t, "e5-small-v2")
	want, err := e.Query(t.Context(), "offer")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 20 {
				if n == 0 && i == 10 {
					e.Close()
				}
				got, err := e.Query(t.Context(), "offer")
				if err == nil && cosine(got, want) < 0.9999 {
					t.Errorf("cosine %v with the same text alone", cosine(got, want))
				}
			}
		})
	}
	all.Wait()
	if _, err := e.Query(t.Context(), "offer"); err == nil {
		t.Error("a closed model answers")
	}
}

func TestBrokenLibraryAndModel(t *testing.T) {
	var o opened
	path := filepath.Join(t.TempDir(), "lib.so")
	if err := os.WriteFile(path, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := o.open(path); err == nil {
		t.Error("a text was loaded as a library")
	}
	e := real(t, "e5-small-v2")
	if _, err := e.session.lib.session(path, 1); err == nil || !strings.Contains(err.Error(), "onnx: ") {
		t.Errorf("a text was loaded as a model: %v", err)
	}
}

// A repository plays Maven Central: with parts, without them, broken, refusing.
func TestFetch(t *testing.T) {
	content := bytes.Repeat([]byte("the library "), 500_000) // more than one window
	sum := sha256.Sum256(content)
	var jar bytes.Buffer
	w := zip.NewWriter(&jar)
	for name, b := range map[string][]byte{"a.txt": []byte("a"), "dir/lib.so": content} {
		out, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sent, parts, status := 0, true, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case status != 0:
			w.WriteHeader(status)
		case r.URL.Path != "/group/one.jar":
			http.NotFound(w, r)
		case parts:
			http.ServeContent(&count{w, &sent}, r, "", time.Time{}, bytes.NewReader(jar.Bytes()))
		default:
			_, _ = w.Write(jar.Bytes())
		}
	}))
	defer server.Close()
	good := file{jar: "group/one.jar", entry: "dir/lib.so", size: int64(len(content)), sum: hex.EncodeToString(sum[:])}
	get := func(dir string, x file, fetch bool) (string, error) {
		var last, all int64
		f := Files{Dir: dir, Base: server.URL, Progress: func(d, a int64) { last, all = d, a }}
		paths, err := f.get(t.Context(), []file{x}, fetch)
		if err != nil {
			if left, _ := filepath.Glob(filepath.Join(dir, ".fetching-*")); len(left) > 0 {
				t.Errorf("a failed fetch leaves %v", left)
			}
			return "", err
		}
		if fetch && last != all {
			t.Errorf("progress ends at %d of %d", last, all)
		}
		return paths[0], nil
	}
	dir := t.TempDir()
	if _, err := get(dir, good, false); !errors.Is(err, ErrMissing) {
		t.Errorf("not fetched: %v", err)
	}
	path, err := get(dir, good, true)
	if err != nil {
		t.Fatal(err)
	}
	if sent > len(content)+2*window {
		t.Errorf("%d bytes were sent for %d", sent, len(content))
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, content) {
		t.Error("another content came")
	}
	status = http.StatusForbidden // what is there needs no network
	if _, err := get(dir, good, true); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := get(dir, good, false); !errors.Is(err, ErrMissing) {
		t.Errorf("a changed file is used: %v", err)
	}
	if _, err := get(t.TempDir(), good, true); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("refused: %v", err)
	}
	status, parts = 0, false
	if _, err := get(t.TempDir(), good, true); err != nil {
		t.Errorf("from a server without parts: %v", err)
	}
	wrong := good
	wrong.sum = strings.Repeat("0", 64)
	if _, err := get(t.TempDir(), wrong, true); err == nil {
		t.Error("a file with another sum is used")
	}
}

// count counts what a handler writes.
type count struct {
	http.ResponseWriter
	n *int
}

func (c *count) Write(p []byte) (int, error) {
	*c.n += len(p)
	return c.ResponseWriter.Write(p)
}

func BenchmarkQuery(b *testing.B) {
	e := real(b, "e5-small-v2")
	for b.Loop() {
		if _, err := e.Query(b.Context(), "when can we meet for the interview?"); err != nil {
			b.Fatal(err)
		}
	}
}
