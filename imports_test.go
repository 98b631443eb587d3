// The rules of the house as tests: which room may know which, who may use which library, what
// the pure rooms may not touch, and no hidden state. docs/design.md tells the reasons.
package applylens_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "applylens"

// A room is a folder with the rooms it may import: names below internal, or from the root with a
// leading slash. "*" allows every room but cmd, handlers and views. A folder belongs to the
// longest room that is a prefix of it. A new folder fails until it has a line here.
type room struct {
	folder string
	knows  []string
}

// pure rooms turn bytes into values. They may know each other as listed, and no I/O.
var pure = []room{
	{"internal/errs", nil},
	{"internal/embed", []string{"errs"}},
	{"internal/slo", []string{"errs"}},
	{"internal/mail", []string{"errs"}},
	{"internal/triage", []string{"errs", "mail", "embed"}},
}

// The rooms from the foundation to the roof; an arrow only ever points to a line above.
var rooms = slices.Concat(pure, []room{
	{"migrations", nil},
	{"static", nil},
	{"internal/config", []string{"errs"}},
	{"internal/telemetry", []string{"errs", "config"}},
	{"internal/blobs", []string{"errs", "config"}},
	{"internal/fetch", []string{"errs", "config", "telemetry"}},
	{"internal/imageproxy", []string{"errs", "config", "telemetry", "fetch", "mail"}},
	{"internal/embed/scan", []string{"errs"}},
	{"internal/embed/onnx", []string{"errs", "embed"}},
	{"internal/embed/remote", []string{"errs", "embed"}},
	{"internal/db/embedded", []string{"errs", "config"}},
	{"internal/db", []string{"errs", "config", "telemetry", "db/embedded", "/migrations"}},
	{"internal/db/dbtest", []string{"errs", "config", "db", "db/embedded", "/migrations"}},
	{"internal/sample", []string{"errs", "mail"}},
	{"internal/llm", []string{"errs", "config", "telemetry", "mail", "db"}},
	{"internal/vault", []string{"errs", "config"}},
	{"internal/gmail", []string{"errs", "config", "telemetry", "mail", "db"}},
	{"internal/gmail/gmailtest", []string{"errs", "mail", "gmail"}},
	{"internal/search", []string{"errs", "config", "telemetry", "mail", "embed", "embed/scan", "triage", "db", "llm"}},
	{"internal/search/elastictest", []string{"errs", "config", "db/embedded"}},
	{"internal/action", []string{"errs", "config", "telemetry", "mail", "triage", "db", "gmail", "search"}},
	{"internal/rule", []string{"errs", "mail", "triage", "db", "search", "action"}},
	{"internal/ingest", []string{"errs", "config", "telemetry", "mail", "embed", "triage", "blobs", "db", "gmail", "search", "action", "rule"}},
	{"internal/gmail/gmailsync", []string{"errs", "config", "telemetry", "mail", "blobs", "db", "vault", "gmail", "search", "ingest", "action"}},
	{"internal/knowledge", []string{"errs", "config", "telemetry", "mail", "embed", "triage", "db", "llm", "search"}},
	{"internal/privacy", []string{"errs", "config", "telemetry", "mail", "blobs", "db", "llm", "gmail", "search", "action"}},
	{"internal/slo/watch", []string{"errs", "slo", "db"}},
	{"internal/telemetry/gather", []string{"slo", "slo/watch", "telemetry", "db"}},
	{"internal/alert", []string{"errs", "config", "telemetry", "slo", "db"}},
	{"internal/oncall", []string{"errs", "config", "telemetry", "db", "alert"}},
	{"internal/incident", []string{"errs", "config", "telemetry", "db", "alert", "oncall"}},
	{"internal/warehouse", []string{"errs", "config", "telemetry", "db", "search"}},
	{"internal/release", []string{"errs", "config", "telemetry", "slo", "db", "llm", "oncall", "incident"}},
	{"internal/agent", []string{"*"}},
	{"internal/auth", []string{"errs", "config", "telemetry", "db"}},
	{"internal/jobs", []string{"*"}},
	{"views", []string{"errs", "mail", "triage", "slo", "embed", "db", "search", "/static"}},
	{"handlers", []string{"*", "/views", "/static", "/migrations"}},
	{"cmd", []string{"*", "/handlers", "/views", "/static", "/migrations"}},
	{"scripts", nil},
	{"test", []string{"*", "/handlers", "/static", "/migrations"}},
})

// A library that only some rooms may use, given by the prefix of its import path; the first line
// that fits counts.
var libraries = []struct {
	prefix string
	rooms  []string
}{
	{"github.com/labstack/", []string{"handlers", "internal/auth"}},
	{"github.com/a-h/templ", []string{"views", "handlers"}},
	{"github.com/riverqueue/river/rivermigrate", []string{"internal/db"}},
	{"github.com/riverqueue/river/riverdriver/", []string{"internal/db", "internal/jobs", "handlers", "cmd"}},
	{"github.com/riverqueue/river", []string{"internal/jobs", "handlers", "cmd"}},
	{"github.com/jackc/pgx/", []string{"internal", "handlers", "cmd", "migrations", "test"}},
	{"github.com/gorilla/sessions", []string{"internal/auth", "handlers"}},
	{"github.com/alecthomas/kong", []string{"cmd"}},
	{"github.com/fergusstrange/embedded-postgres", []string{"internal/db"}},
	{"github.com/danielgtaylor/huma/", []string{"handlers"}},
	{"github.com/ulule/limiter/", []string{"handlers", "cmd"}},
	{"github.com/redis/go-redis/", []string{"cmd"}},
	{"github.com/slack-go/slack", []string{"internal/alert"}},
	{"github.com/wneessen/go-mail", []string{"internal/alert"}},
	{"github.com/chromedp/", []string{"test"}},
	{"github.com/prometheus/", []string{"internal/telemetry"}},
	{"go.opentelemetry.io/", []string{"internal/telemetry"}},
	{"github.com/ebitengine/purego", []string{"internal/embed/onnx"}},
	{"github.com/openai/openai-go/", []string{"internal/embed/remote", "internal/llm"}},
	{"github.com/google/jsonschema-go/", []string{"internal/llm", "internal/agent"}},
}

// forbiddenInPure are packages that reach outside the process. net/http may be imported for the
// names of status codes alone.
var forbiddenInPure = []string{
	"os", "os/exec", "os/signal", "io/ioutil", "syscall", "net", "net/http", "net/smtp", "net/rpc",
	"database/sql", "log", "log/slog", "path/filepath", "plugin",
	"github.com/jackc/", "github.com/lib/pq", "gocloud.dev", "golang.org/x/sys", "golang.org/x/net/http2",
}

// A file is one parsed Go file of the module.
type file struct {
	name   string // slash path from the root
	folder string
	test   bool
	syntax *ast.File
	fset   *token.FileSet
}

func TestRoomsKnowOnlyWhatIsBelow(t *testing.T) {
	for _, f := range files(t) {
		if f.test {
			continue // a test may borrow, the program may not
		}
		from, ok := roomOf(f.folder)
		if !ok {
			t.Errorf("%s: the folder %s is no room yet: give it a line in imports_test.go", f.name, f.folder)
			continue
		}
		for _, imported := range imports(f) {
			folder, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			to, ok := roomOf(folder)
			if ok && to.folder != from.folder && !from.mayKnow(to.folder) {
				t.Errorf("%s imports %s: %s may not know %s", f.name, imported, from.folder, to.folder)
			}
		}
	}
}

// TestArrowsGoOneWay keeps the table itself honest: no line may know one below it.
func TestArrowsGoOneWay(t *testing.T) {
	for i, from := range rooms {
		for j, to := range rooms {
			if j > i && from.mayKnow(to.folder) && !slices.Contains(from.knows, "*") {
				t.Errorf("%s, line %d, knows %s, line %d: move it up or turn the arrow", from.folder, i, to.folder, j)
			}
		}
	}
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	for _, f := range files(t) {
		if f.test {
			continue
		}
		for _, imported := range imports(f) {
			for _, lib := range libraries {
				if !strings.HasPrefix(imported, lib.prefix) {
					continue
				}
				if !slices.ContainsFunc(lib.rooms, func(r string) bool { return within(f.folder, r) }) {
					t.Errorf("%s imports %s, which only %s may use", f.name, imported, strings.Join(lib.rooms, ", "))
				}
				break
			}
		}
	}
}

func TestPureRoomsTouchNothing(t *testing.T) {
	for _, f := range files(t) {
		if f.test || !slices.ContainsFunc(pure, func(r room) bool { return f.folder == r.folder }) {
			continue
		}
		for _, imported := range imports(f) {
			for _, bad := range forbiddenInPure {
				if imported == "net/http" && onlyStatusCodes(f) {
					continue
				}
				if imported == bad || strings.HasSuffix(bad, "/") && strings.HasPrefix(imported, bad) {
					t.Errorf("%s imports %s: %s is pure, bytes in and values out", f.name, imported, f.folder)
				}
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && isName(sel.X, "time") && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After"}, sel.Sel.Name) {
				t.Errorf("%s: time.%s: time is a parameter here", f.fset.Position(n.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

// onlyStatusCodes tells whether a file uses nothing of net/http but http.Status….
func onlyStatusCodes(f file) bool {
	only := true
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && isName(sel.X, "http") && !strings.HasPrefix(sel.Sel.Name, "Status") {
			only = false
		}
		return true
	})
	return only
}

// TestNoHiddenState allows package variables only for errors, regexps, embeds, compile-time
// assertions and tables that are written out in full, and no init function.
func TestNoHiddenState(t *testing.T) {
	for _, f := range files(t) {
		if f.test || ast.IsGenerated(f.syntax) || strings.HasSuffix(f.folder, "test") {
			continue // dbtest and its like belong to the tests
		}
		for _, decl := range f.syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s: no init functions", f.fset.Position(d.Pos()))
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					checkVars(t, f, d)
				}
			}
		}
	}
}

func checkVars(t *testing.T, f file, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		for i, name := range v.Names {
			if name.Name == "_" || embeds(d, v) || i < len(v.Values) && isConstant(v.Values[i]) {
				continue
			}
			if slices.Contains(processWide, f.name+": "+name.Name) {
				continue
			}
			t.Errorf("%s: package variable %s: only errors, regexps, embeds and constant tables may be one",
				f.fset.Position(name.Pos()), name.Name)
		}
	}
}

// embeds tells whether a variable is filled by go:embed.
func embeds(d *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, group := range []*ast.CommentGroup{d.Doc, v.Doc} {
		if group != nil && slices.ContainsFunc(group.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") }) {
			return true
		}
	}
	return false
}

// constructors are the functions outside a package that may fill its variables: what they return
// does not change.
var constructors = []string{
	"errors.New", "fmt.Errorf", "errs.New", "regexp.MustCompile", "strings.NewReplacer", "strings.Split", "strings.Fields", "slices.Concat",
	"netip.MustParseAddr", "netip.MustParsePrefix", "language.MustParse", "sync.OnceValue", "sync.OnceValues",
}

// processWide are the variables that guard what a process has only one of.
var processWide = []string{"internal/db/embedded/account.go: becoming"} // its user id

// isConstant tells whether an expression makes a value that is complete when written: a literal,
// a conversion, an error, a regexp, or a table built by a function of the same package.
func isConstant(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.CompositeLit, *ast.BasicLit:
		return true
	case *ast.UnaryExpr:
		return isConstant(x.X)
	case *ast.BinaryExpr:
		return isConstant(x.X) && isConstant(x.Y)
	case *ast.CallExpr:
		switch called := x.Fun.(type) {
		case *ast.Ident, *ast.ArrayType:
			return true
		case *ast.SelectorExpr:
			pkg, ok := called.X.(*ast.Ident)
			return ok && slices.Contains(constructors, pkg.Name+"."+called.Sel.Name)
		}
	}
	return false
}

// files parses every Go file of the module but those of tools, which is a module of its own.
func files(t *testing.T) []file {
	t.Helper()
	var all []file
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != "." && (slices.Contains([]string{"node_modules", "tools", "bin", "data", "testdata"}, base) || strings.HasPrefix(base, ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		slash := filepath.ToSlash(name)
		if folder := path.Dir(slash); folder != "." {
			all = append(all, file{slash, folder, strings.HasSuffix(base, "_test.go"), syntax, fset})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go files found below the root")
	}
	return all
}

func imports(f file) []string {
	var all []string
	for _, spec := range f.syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// roomOf returns the room that a folder belongs to.
func roomOf(folder string) (room, bool) {
	var best room
	for _, r := range rooms {
		if within(folder, r.folder) && len(r.folder) > len(best.folder) {
			best = r
		}
	}
	return best, best.folder != ""
}

// mayKnow tells whether the room may import the room of another folder.
func (r room) mayKnow(folder string) bool {
	name, internal := strings.CutPrefix(folder, "internal/")
	if !internal {
		name = "/" + folder
	}
	return slices.Contains(r.knows, name) || internal && slices.Contains(r.knows, "*")
}

func within(folder, room string) bool { return folder == room || strings.HasPrefix(folder, room+"/") }

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}
