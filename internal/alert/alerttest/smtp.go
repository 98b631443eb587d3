package alerttest

import (
	"bufio"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
)

// SMTP takes letters on 127.0.0.1, one connection after the other, and answers each with a line such as "250 ok". It
// returns its address as SMTP_URL names it, and what arrives.
func SMTP(t testing.TB, answer string) (server *url.URL, letters <-chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	got := make(chan string, 100)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			talk(conn, answer, got)
		}
	}()
	return &url.URL{Scheme: "smtp", Host: l.Addr().String(), RawQuery: "tls=none"}, got
}

func talk(conn net.Conn, answer string, got chan<- string) {
	defer conn.Close()
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 ready")
	for in := bufio.NewScanner(conn); in.Scan(); {
		switch line := strings.ToUpper(in.Text()); {
		case line == "DATA":
			say("354 go on")
			var text strings.Builder
			for in.Scan() && in.Text() != "." {
				text.WriteString(in.Text() + "\n")
			}
			got <- text.String()
			say(answer)
		case line == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
