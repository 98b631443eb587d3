package mail

import (
	"strings"
	"time"
)

// Received is the time that the last server wrote when it took the mail: that of the topmost Received header.
func (m *Message) Received() (time.Time, bool) {
	received := m.Header("Received")
	i := strings.LastIndexByte(received, ';')
	if i < 0 {
		return time.Time{}, false
	}
	return parseDate(received[i+1:])
}
