package triage

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// rules counts the states of the rules in code; it is raised when a change of them may change verdicts.
const rules = "1"

// Version names what judges: the rules in code, and a digest of the model and the tables that are built in.
func Version() string { return version() }

var version = sync.OnceValue(func() string {
	h := sha256.New()
	for _, part := range [][]byte{modelBytes, []byte(brandText), []byte(phraseText), []byte(riskPhraseText), []byte(senderText)} {
		_, _ = h.Write(part)
		_, _ = h.Write([]byte{0})
	}
	return rules + "." + hex.EncodeToString(h.Sum(nil)[:4])
})
