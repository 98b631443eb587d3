package gmail

import (
	"bytes"
	"encoding/base64"
	"errors"
)

// Raw is the source of a message: base64url in JSON, with or without padding.
type Raw []byte

var errRaw = errors.New("the source of the message is no base64url text")

// UnmarshalJSON decodes it without making a string of it.
func (r *Raw) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*r = nil
		return nil
	}
	if len(b) < 2 || b[0] != '"' {
		return errRaw
	}
	text := bytes.TrimRight(b[1:len(b)-1], "=")
	enc := base64.RawURLEncoding
	if bytes.ContainsAny(text, "+/") {
		enc = base64.RawStdEncoding
	}
	out := make([]byte, enc.DecodedLen(len(text)))
	n, err := enc.Decode(out, text)
	if err != nil {
		return errRaw
	}
	*r = out[:n]
	return nil
}

// MarshalText encodes it for a request.
func (r Raw) MarshalText() ([]byte, error) {
	return []byte(base64.RawURLEncoding.EncodeToString(r)), nil
}
