package agent_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"applylens/internal/agent"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

const childDir = "APPLYLENS_AGENT_CHILD"

// TestLossChild is the process that TestNoRunIsLost kills: it runs agents on several goroutines and prints the id of
// each run once its answer is given.
func TestLossChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("the child of TestNoRunIsLost")
	}
	d, err := db.Open(t.Context(), os.Getenv("APPLYLENS_AGENT_URL"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := agent.Open(t.Context(), agent.Options{DB: d, Dir: dir, Release: "child", Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.Start(t.Context())
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for {
				done, err := r.Do(t.Context(), agent.Ask{Agent: agent.Agent{Name: "test.loss", Version: "1"}, Trigger: agent.Schedule}, func(_ context.Context, run *agent.Run) error {
					run.Answer(strings.Repeat("x", rand.IntN(2000)))
					return nil
				})
				if err != nil {
					fmt.Println("error", err)
				}
				fmt.Println("run", done.ID)
				time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
			}
		})
	}
	wait.Wait()
}

// TestNoRunIsLost kills a process with -9 again and again, at moments of chance; every run whose answer it gave must be
// in Postgres once the next process has looked into the folder.
func TestNoRunIsLost(t *testing.T) {
	d, dir := dbtest.Pool(t), t.TempDir()
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	var answered []uuid.UUID
	for range rounds {
		answered = append(answered, killedChild(t, dir)...)
	}
	if len(answered) < 50*rounds {
		t.Fatalf("only %d runs in %d processes: this proves little", len(answered), rounds)
	}
	r := openIn(t, d, dir)
	if err := r.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	var found, twice int
	err := dbtest.Owner(t).QueryRow(t.Context(), "select count(distinct id), count(*) - count(distinct id) from runs where id = any($1)", answered).Scan(&found, &twice)
	if err != nil {
		t.Fatal(err)
	}
	if found != len(answered) || twice != 0 {
		t.Errorf("%d runs were answered, %d are recorded, %d twice", len(answered), found, twice)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 { // those of r
		t.Errorf("%d files are left in the folder, %v", len(left), err)
	}
}

// killedChild starts a process, kills it after a while, and returns the runs it had answered.
func killedChild(t *testing.T, dir string) (answered []uuid.UUID) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLossChild$")
	child.Env = append(os.Environ(), childDir+"="+dir, "APPLYLENS_AGENT_URL="+dbtest.AppURL(t))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "run ")
		if !ok {
			t.Fatalf("the child says %q", lines.Text())
		}
		answered = append(answered, uuid.MustParse(id))
		if kill == nil {
			kill = time.AfterFunc(time.Duration(150+rand.IntN(400))*time.Millisecond, func() { _ = child.Process.Kill() })
		}
	}
	_ = child.Wait() // it was killed
	return answered
}
