package multiply

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"
	"time"
)

const first = `From: Ann <ann@example.com>
To: Bob <bob@example.com>
Subject: about the garden fence
Message-ID: <one@example.com>
Date: Mon, 02 Sep 2002 10:00:00 +0000
Received: from a.example.com by b.example.com;
	Mon, 02 Sep 2002 10:00:05 +0000

Could someone please repair the garden fence before winter?
From here it looks broken, see http://example.com/garden/fence and <a href="garden">fence</a>
`

const second = `From: Bob <bob@example.com>
Subject: Re: about the garden fence
Message-ID: <two@example.com>
In-Reply-To: <one@example.com>
References: <one@example.com>
Date: Mon, 02 Sep 2002 11:00:00 +0000

Someone should, before another winter comes; please repair things.
`

func made(t *testing.T, count int) (string, []*mail.Message) {
	t.Helper()
	var out bytes.Buffer
	if err := New([][]byte{[]byte(first), []byte(second)}).WriteMbox(&out, count); err != nil {
		t.Fatal(err)
	}
	var all []*mail.Message
	for i, part := range strings.Split("\n"+out.String(), "\nFrom bench@")[1:] {
		_, raw, _ := strings.Cut(part, "\n")
		m, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		all = append(all, m)
	}
	return out.String(), all
}

func TestCopiesHaveFreshIDsAndConsistentReferences(t *testing.T) {
	_, mails := made(t, 10)
	if len(mails) != 10 {
		t.Fatalf("%d messages, want 10", len(mails))
	}
	seen := map[string]bool{}
	for _, m := range mails {
		id := m.Header.Get("Message-Id")
		if seen[id] {
			t.Errorf("%s occurs twice", id)
		}
		seen[id] = true
		if ref := m.Header.Get("In-Reply-To"); ref != "" && !seen[ref] {
			t.Errorf("%s answers %s, which is not in its copy", id, ref)
		}
	}
}

func TestTheFirstCopyIsTheSource(t *testing.T) {
	text, _ := made(t, 2)
	unquoted := strings.ReplaceAll(text, "\n>From ", "\nFrom ")
	if !strings.Contains(unquoted, first) || !strings.Contains(unquoted, second) {
		t.Errorf("the first copy differs from the source:\n%s", text)
	}
}

func TestCopiesMoveInTime(t *testing.T) {
	_, mails := made(t, 4)
	a, _ := mails[0].Header.Date()
	b, err := mails[2].Header.Date()
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Sub(a); got != 1009*time.Hour {
		t.Errorf("the copy is %s later, want 1009h", got)
	}
	if received := mails[2].Header.Get("Received"); !strings.Contains(received, b.Add(5*time.Second).Format(time.RFC1123Z)) {
		t.Errorf("Received did not move along: %s", received)
	}
}

func TestWordsChangeButNotLinks(t *testing.T) {
	text, _ := made(t, 60)
	if got := strings.Count(text, "http://example.com/garden/fence"); got != 30 {
		t.Errorf("%d links survived, want 30", got)
	}
	if got := strings.Count(text, `<a href="garden">`); got != 30 {
		t.Errorf("%d tags survived, want 30", got)
	}
	if got := strings.Count(text, "Could someone please repair the garden"); got > 20 {
		t.Errorf("the sentence occurs %d times in 30 copies: words are not changed", got)
	}
	if again, _ := made(t, 60); again != text {
		t.Error("the same source gave another mailbox")
	}
}

func TestWordsKeepHeadersOfPartsAndEncodedLines(t *testing.T) {
	for _, line := range []string{"Content-Type: text/plain; name=garden", "--boundary with words", strings.Repeat("garden", 12)} {
		if isText([]byte(line)) {
			t.Errorf("%q was taken for text", line)
		}
	}
}
