package elastictest

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Version is the server's.
const Version = "8.19.7"

const (
	archiveURL  = "https://repo1.maven.org/maven2/org/elasticsearch/distribution/integ-test-zip/elasticsearch/" + Version + "/elasticsearch-" + Version + ".zip"
	archiveHash = "cb7f86fb6e68e85ef6f531ae5c68458ecfe42371150403b22b2ed21381581cbb" // SHA-256
)

//go:embed plugin/StandIn.java
var standIn string

const descriptor = `description=Stands in for analysis-common in tests
version=1
name=stand-in
classname=applylens.StandIn
java.version=17
elasticsearch.version=` + Version + "\n"

const settings = `cluster.name: applylens-test
node.name: test
discovery.type: single-node
xpack.security.enabled: false
http.host: 127.0.0.1
transport.host: 127.0.0.1
transport.port: 20000-29999
node.portsfile: true
cluster.routing.allocation.disk.threshold_enabled: false
`

// A missingError says what this machine lacks.
type missingError struct{ err error }

func (e *missingError) Error() string { return e.err.Error() }

// install returns the folder of the server with the plugin, making it when it is not there.
func install(ctx context.Context) (string, error) {
	for _, tool := range []string{"java", "javac"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", &missingError{fmt.Errorf("%s is not installed (apt-get install openjdk-17-jdk-headless)", tool)}
		}
	}
	cache := "/var/cache/applylens"
	if os.Geteuid() != 0 {
		dir, err := os.UserCacheDir()
		if err != nil {
			return "", &missingError{err}
		}
		cache = filepath.Join(dir, "applylens")
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", &missingError{err}
	}
	lock, err := os.OpenFile(filepath.Join(cache, "elasticsearch.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(standIn + descriptor))
	home := filepath.Join(cache, "elasticsearch-"+Version+"-"+hex.EncodeToString(hash[:4]))
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	archive := filepath.Join(cache, "elasticsearch-"+Version+".zip")
	if err := fetch(ctx, archive); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(cache, "unpack")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := unpack(archive, work); err != nil {
		return "", err
	}
	made := filepath.Join(work, "elasticsearch-"+Version)
	if err := compile(ctx, made); err != nil {
		return "", err
	}
	return home, os.Rename(made, home)
}

// fetch brings the archive, if it is not there, and checks it.
func fetch(ctx context.Context, archive string) error {
	if content, err := os.ReadFile(archive); err == nil && hashed(content) == archiveHash {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, archiveURL, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return &missingError{fmt.Errorf("it cannot be fetched from Maven Central: %w", err)}
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return &missingError{errors.Join(fmt.Errorf("it cannot be fetched from Maven Central: %s", res.Status), err)}
	}
	if got := hashed(content); got != archiveHash {
		return fmt.Errorf("%s has the hash %s, not %s", archiveURL, got, archiveHash)
	}
	return os.WriteFile(archive, content, 0o644)
}

func hashed(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func unpack(archive, dir string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	for _, f := range r.File {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if !strings.HasPrefix(name, dir+"/") {
			return fmt.Errorf("the archive holds %q", f.Name)
		}
		if f.FileInfo().IsDir() {
			err = os.MkdirAll(name, 0o755)
		} else {
			err = unpackFile(f, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func unpackFile(f *zip.File, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, f.Mode()|0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in) //nolint:gosec // an archive whose hash is known
	return errors.Join(err, out.Close())
}

// compile makes the plugin from its source, with the server's own jars.
func compile(ctx context.Context, home string) error {
	dir := filepath.Join(home, "plugins", "stand-in")
	source := filepath.Join(home, "StandIn.java")
	classes := filepath.Join(home, "classes")
	for name, text := range map[string]string{source: standIn, filepath.Join(dir, "plugin-descriptor.properties"): descriptor} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"javac", "-nowarn", "--release", "17", "-cp", filepath.Join(home, "lib", "*"), "-d", classes, source},
		{"jar", "--create", "--file", filepath.Join(dir, "stand-in.jar"), "-C", classes, "."},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", args[0], err, out)
		}
	}
	return nil
}

// launch starts the server in its folder, as an ordinary user: it refuses root.
func (s *Server) launch(home, port string) error {
	java, err := filepath.EvalSymlinks(lookJava())
	if err != nil {
		return &missingError{err}
	}
	if port == "" {
		port = "20000-29999"
	}
	config := s.path("config")
	if err := os.CopyFS(config, os.DirFS(filepath.Join(home, "config"))); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	text := settings + "http.port: " + port + "\npath.data: " + s.path("data") + "\npath.logs: " + s.path("logs") + "\n"
	if err := os.WriteFile(filepath.Join(config, "elasticsearch.yml"), []byte(text), 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll(s.path("logs/http.ports")); err != nil {
		return err
	}
	for _, dir := range []string{"data", "logs", "tmp"} {
		if err := os.MkdirAll(s.path(dir), 0o755); err != nil {
			return err
		}
	}
	if err := s.ownAll(); err != nil {
		return err
	}
	out, err := os.Create(s.path("output"))
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command(filepath.Join(home, "bin", "elasticsearch"), "-p", s.path("pid"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "ES_PATH_CONF=" + config, "ES_JAVA_HOME=" + filepath.Dir(filepath.Dir(java)),
		"ES_TMPDIR=" + s.path("tmp"), "ES_JAVA_OPTS=-Xms512m -Xmx512m -XX:TieredStopAtLevel=4", "CLI_JAVA_OPTS=-Xmx64m"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: s.account.Credential()}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start Elasticsearch: %w", err)
	}
	go func() { _ = cmd.Wait() }() // so that it does not stay as a zombie
	return nil
}

func lookJava() string {
	path, err := exec.LookPath("java")
	if err != nil {
		return "java"
	}
	return path
}

// ownAll hands what root made in the folder to the ordinary user.
func (s *Server) ownAll() error {
	return filepath.WalkDir(s.dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return s.account.Own(path)
	})
}
