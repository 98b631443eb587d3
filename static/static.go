// Package static holds the files that pages need beside their HTML, under addresses that name their content: a file
// that changes gets a new address, so each can be cached for ever. Start at URL and Find.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"path"
	"regexp"
	"strings"
	"sync"
)

//go:embed *.css *.svg js/*.js vendor/*.js ops/*.js fonts/*.woff2
var embedded embed.FS

// A File is one asset, ready to be sent.
type File struct {
	Type string // media type
	Body []byte
	Gzip []byte // Body compressed; nil where that does not help
}

// URL returns the address of a file by its name below static/, such as "app.css". An unknown name is a mistake in a
// view: it panics.
func URL(name string) string {
	url, ok := index().urls[name]
	if !ok {
		panic("static: there is no file " + name)
	}
	return url
}

// Find returns the file at an address that URL gave.
func Find(url string) (File, bool) {
	f, ok := index().files[url]
	return f, ok
}

// Scripts lists the addresses of the page's script modules, for the browser to load them at once.
func Scripts() []string {
	var urls []string
	for _, name := range index().order {
		if strings.HasPrefix(name, "js/") && !index().later[name] {
			urls = append(urls, index().urls[name])
		}
	}
	return urls
}

type table struct {
	urls  map[string]string // by name
	files map[string]File   // by URL
	order []string          // names, each after those it refers to
	later map[string]bool   // scripts that others fetch when they need them
}

// index is computed from the embedded files once, when the first page asks for it.
var index = sync.OnceValue(func() *table {
	t := &table{urls: map[string]string{}, files: map[string]File{}, later: map[string]bool{}}
	err := fs.WalkDir(embedded, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.add(name)
		}
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	return t
})

// reference matches what names another file: url(…) in a stylesheet, an import of a script module.
var reference = regexp.MustCompile(`(url\("?|from"|from "|import"|import "|import\("|")(\.{0,2}/?[\w./-]+\.(?:woff2|js|svg))("?\)|")`)

// add gives a file its address. Its references are replaced by the addresses of what they name, which therefore get
// theirs first; so a change of a file changes the addresses of all that lead to it.
func (t *table) add(name string) {
	if url, done := t.urls[name]; done {
		if url == "" {
			panic("static: " + name + " leads back to itself, so no address can name its content")
		}
		return
	}
	t.urls[name] = ""
	body, err := embedded.ReadFile(name)
	if err != nil {
		panic(err) // the files are part of the program
	}
	ext := path.Ext(name)
	if ext == ".css" || (ext == ".js" && strings.HasPrefix(name, "js/")) {
		body = t.link(name, body)
	}
	sum := sha256.Sum256(body)
	url := "/static/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
	t.urls[name] = url
	t.files[url] = File{Type: mediaType(ext), Body: body, Gzip: compress(ext, body)}
	t.order = append(t.order, name)
}

func (t *table) link(name string, body []byte) []byte {
	return reference.ReplaceAllFunc(body, func(ref []byte) []byte {
		m := reference.FindSubmatch(ref)
		target := path.Join(path.Dir(name), string(m[2]))
		if _, err := fs.Stat(embedded, target); err != nil || target == name {
			return ref
		}
		t.add(target)
		if string(m[1]) == `import("` {
			t.later[target] = true
		}
		return bytes.Join([][]byte{m[1], []byte(t.urls[target]), m[3]}, nil)
	})
}

func mediaType(ext string) string {
	switch ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	}
	return mime.TypeByExtension(ext)
}

func compress(ext string, body []byte) []byte {
	if ext == ".woff2" {
		return nil
	}
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a valid one
	_, _ = w.Write(body)                                    // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}
