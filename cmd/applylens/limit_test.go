package main

import (
	"net"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"applylens/handlers"
)

// Two processes that share a Redis share the count of a person's requests; without one each has its own.
func TestLimitIsShared(t *testing.T) {
	for name, c := range map[string]struct {
		url    string
		shared bool
	}{"in Redis": {redisServer(t), true}, "in the process": {"", false}} {
		t.Run(name, func(t *testing.T) {
			reached := false
			for range 2 {
				store, err := limitStore(t.Context(), c.url)
				if err != nil {
					t.Fatal(err)
				}
				limit := handlers.NewProgramLimit(store, 3)
				for range 2 {
					left, err := limit.Get(t.Context(), "1")
					if err != nil {
						t.Fatal(err)
					}
					reached = reached || left.Reached
				}
			}
			if reached != c.shared {
				t.Errorf("four requests of three: reached %v", reached)
			}
		})
	}
	if _, err := limitStore(t.Context(), "redis://127.0.0.1:1"); err == nil {
		t.Error("a Redis that is not there was taken")
	}
}

// redisServer starts a Redis of the test's own.
func redisServer(t *testing.T) string {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("Redis is not installed: apt-get install redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().(*net.TCPAddr) //nolint:forcetypeassert // it listens on tcp
	_ = l.Close()
	cmd := exec.Command(bin, "--port", strconv.Itoa(address.Port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()) //nolint:gosec,noctx // ended below
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 100 {
		if conn, err := net.Dial("tcp", address.String()); err == nil {
			_ = conn.Close()
			return "redis://" + address.String()
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("Redis does not start")
	return ""
}
