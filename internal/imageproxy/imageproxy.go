// Package imageproxy brings the remote images of a mail to the reader without the reader's browser ever talking to the
// sender: addresses are signed for one user and one email, the image is fetched by the guarded client, and only bytes
// that are an image by their own content are given out. Start at Signer and Serve.
package imageproxy

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // for the dimensions
	_ "image/jpeg" // for the dimensions
	_ "image/png"  // for the dimensions
	"net/http"
	"net/url"

	"applylens/internal/fetch"
)

// maxPixels is the largest image that is given out: a browser needs four bytes for each pixel.
const maxPixels = 50_000_000

// minKey is the shortest key in bytes.
const minKey = 32

// ErrKey is returned for a key that is too short.
var ErrKey = errors.New("the image proxy needs a key of at least 32 bytes")

// types holds the media types that are asked for and given out. SVG is not among them: it is a document.
var types = []string{
	"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon",
	"image/jpg", "image/pjpeg", "image/x-png", "image/x-ms-bmp", "image/vnd.microsoft.icon", "binary/octet-stream",
}

// A Signer signs the addresses of images. It is safe for concurrent use.
type Signer struct{ key []byte }

// NewSigner makes a Signer; the key must be kept for as long as signed addresses should work.
func NewSigner(key []byte) (*Signer, error) {
	if len(key) < minKey {
		return nil, ErrKey
	}
	return &Signer{bytes.Clone(key)}, nil
}

// Sign returns the HMAC-SHA256 of user, email and address, in unpadded base64url.
func (s *Signer) Sign(userID, emailID int64, imageURL string) string {
	return base64.RawURLEncoding.EncodeToString(s.sum(userID, emailID, imageURL))
}

// Query returns the query of a proxy address: the image's address in u, the signature in s.
func (s *Signer) Query(userID, emailID int64, imageURL string) string {
	return "u=" + url.QueryEscape(imageURL) + "&s=" + s.Sign(userID, emailID, imageURL)
}

// Verify reports whether signature was made by Sign for the same user, email and address.
func (s *Signer) Verify(userID, emailID int64, imageURL, signature string) bool {
	got, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	return err == nil && hmac.Equal(got, s.sum(userID, emailID, imageURL))
}

func (s *Signer) sum(userID, emailID int64, imageURL string) []byte {
	m := hmac.New(sha256.New, s.key)
	b := []byte("applylens image 1\x00") // two numbers of fixed length follow, then the address: no two inputs alike
	b = binary.BigEndian.AppendUint64(b, uint64(userID))
	b = binary.BigEndian.AppendUint64(b, uint64(emailID))
	m.Write(b)
	m.Write([]byte(imageURL))
	return m.Sum(nil)
}

// Serve fetches an image and returns its bytes with the media type that they are, whatever the server said. Errors are
// those of fetch.Client.Get.
func Serve(ctx context.Context, client *fetch.Client, imageURL string) (body []byte, contentType string, err error) {
	res, err := client.Get(ctx, imageURL, types)
	if err != nil {
		return nil, "", err
	}
	kind := Sniff(res.Body)
	if kind == "" {
		return nil, "", &fetch.Error{Kind: fetch.ErrType, Cause: fmt.Errorf("no image, declared as %q", res.ContentType)}
	}
	if cfg, _, err := image.DecodeConfig(bytes.NewReader(res.Body)); err == nil && cfg.Width*cfg.Height > maxPixels {
		return nil, "", &fetch.Error{Kind: fetch.ErrTooLarge, Cause: fmt.Errorf("%d×%d pixels", cfg.Width, cfg.Height)}
	}
	return res.Body, kind, nil
}

// SetHeaders sets the headers under which an image of Serve is given out: it can be nothing but an image, and only the
// reader's own browser may keep it.
func SetHeaders(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", "inline; filename=image")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the sandboxed frame of the mail has an origin of its own
	h.Set("Cache-Control", "private, max-age=86400, immutable")
	h.Set("Referrer-Policy", "no-referrer")
}

// Sniff returns the media type of an image by its first bytes (WHATWG MIME Sniffing, 6.1, and ISO 23000-22 for AVIF),
// or "" for anything else.
func Sniff(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return "image/gif"
	case len(b) >= 16 && string(b[:4]) == "RIFF" && string(b[8:14]) == "WEBPVP":
		return "image/webp"
	case len(b) >= 12 && string(b[4:8]) == "ftyp" && (string(b[8:12]) == "avif" || string(b[8:12]) == "avis"):
		return "image/avif"
	case len(b) >= 26 && string(b[:2]) == "BM" && bytes.Equal(b[6:10], make([]byte, 4)):
		return "image/bmp"
	case len(b) >= 22 && bytes.HasPrefix(b, []byte{0, 0, 1, 0}) && b[4] > 0 && b[9] == 0:
		return "image/x-icon"
	}
	return ""
}
