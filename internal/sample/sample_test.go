package sample

import (
	"bytes"
	"net/mail"
	"testing"
	"time"
)

func TestMessagesParse(t *testing.T) {
	for _, m := range Messages(time.Now()) {
		if _, err := mail.ReadMessage(bytes.NewReader(m.Raw)); err != nil {
			t.Errorf("%v\n%s", err, m.Raw)
		}
	}
}
