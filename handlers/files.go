package handlers

import (
	"context"
	"errors"
	"html"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/fetch"
	"applylens/internal/imageproxy"
	"applylens/internal/mail"
)

// frameCSP confines the HTML of a mail: no script, no form, nothing but inline style and images from this site, and a
// sandbox of its own in case it is opened outside of the frame.
const frameCSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; " +
	"sandbox allow-popups allow-popups-to-escape-sandbox"

// fileCSP confines a file that came with a mail, should a browser show it after all.
const fileCSP = "default-src 'none'; sandbox"

// mailOf reads and parses the source of an email.
func (s *Server) mailOf(ctx context.Context, userID, emailID int64) (*mail.Message, error) {
	raw, err := s.rawOf(ctx, userID, emailID)
	if err != nil {
		return nil, err
	}
	return mail.Parse(raw), nil
}

func (s *Server) rawOf(ctx context.Context, userID, emailID int64) ([]byte, error) {
	row, err := s.DB.As(userID).EmailRaw(ctx, db.EmailRawParams{UserID: userID, ID: emailID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.NotFound
	}
	if err != nil {
		return nil, err
	}
	return s.Blobs.Get(ctx, userID, row.RawSha256)
}

// emailHTML serves the safe HTML of a mail for its frame. Remote images are left out unless asked for, and then come
// through emailImage.
func (s *Server) emailHTML(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	m, err := s.mailOf(c.Request().Context(), userID(c), id)
	if err != nil {
		return err
	}
	opt := mail.HTMLOptions{CID: func(contentID string) string { return s.inlinePart(m, userID(c), id, contentID) }}
	if c.QueryParam("images") == "1" {
		opt.Image = func(url string) string { return s.imagePath(userID(c), id, url) }
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", frameCSP)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Referrer-Policy", "no-referrer")
	style := frameStyle
	if c.QueryParam("dark") == "1" {
		style += darkStyle
	}
	page := "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>" + html.EscapeString(m.Subject) +
		"</title><style>" + style + "</style></head><body>" + mail.SanitiseHTML(m.HTML, opt).HTML + "</body></html>"
	return c.HTML(http.StatusOK, page)
}

// frameStyle is what mail.EstimateHeight counts on.
const frameStyle = "body{margin:0;font:14px/1.5 sans-serif;display:flow-root;background:#fff;color:#111;overflow-wrap:anywhere}img{max-width:100%}"

// darkStyle is for a frame whose colours the page around it turns over: its paper becomes the page's, and images, turned
// over twice, stay as they are.
const darkStyle = "html,body{background:#eae8e3}img{filter:invert(1) hue-rotate(180deg)}"

// inlinePrefix marks the address of an image that came with the mail.
const inlinePrefix = "cid:"

// inlinePart is the path of the image with a Content-ID.
func (s *Server) inlinePart(m *mail.Message, userID, emailID int64, contentID string) string {
	i := slices.IndexFunc(m.Attachments, func(a mail.Attachment) bool { return a.ContentID != "" && a.ContentID == contentID })
	if i < 0 || imageproxy.Sniff(m.Attachments[i].Data) == "" {
		return ""
	}
	return s.imagePath(userID, emailID, inlinePrefix+strconv.Itoa(i))
}

// imagePath is where the frame of a mail gets an image. The frame has no origin and so sends no cookie: what is signed
// is user, email and address, and the signature alone opens the door.
func (s *Server) imagePath(userID, emailID int64, url string) string {
	return "/image/" + strconv.FormatInt(userID, 10) + "/" + strconv.FormatInt(emailID, 10) + "?" + s.Images.Query(userID, emailID, url)
}

// emailImage serves an image to the frame of a mail: one that came with it, or a remote one, fetched here so that its
// server learns nothing of the reader. Only addresses that this program signed are answered.
func (s *Server) emailImage(c echo.Context) error {
	user, userErr := strconv.ParseInt(c.Param("user"), 10, 64)
	id, err := paramID(c)
	url := c.QueryParam("u")
	if err != nil || userErr != nil || !s.Images.Verify(user, id, url, c.QueryParam("s")) {
		return errs.NotFound
	}
	var body []byte
	var contentType string
	if part, ok := strings.CutPrefix(url, inlinePrefix); ok {
		body, err = s.partOf(c.Request().Context(), user, id, part)
		contentType = imageproxy.Sniff(body)
	} else {
		body, contentType, err = imageproxy.Serve(c.Request().Context(), s.Remote, url)
	}
	var refused *fetch.Error
	switch {
	case errors.As(err, &refused):
		return &errs.Error{Status: http.StatusBadGateway, Msg: "The image could not be fetched.", Err: err}
	case err != nil:
		return err
	}
	imageproxy.SetHeaders(c.Response().Header(), contentType)
	return c.Blob(http.StatusOK, contentType, body)
}

// emailRaw serves the source of a mail as it came.
func (s *Server) emailRaw(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	raw, err := s.rawOf(c.Request().Context(), userID(c), id)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", fileCSP)
	if c.QueryParam("download") != "" {
		c.Response().Header().Set("Content-Disposition", `attachment; filename="mail-`+strconv.FormatInt(id, 10)+`.eml"`)
		return c.Blob(http.StatusOK, "message/rfc822", raw)
	}
	return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(strings.ToValidUTF8(string(raw), "�")))
}

// emailAttachment serves a file that came with a mail, as a download.
func (s *Server) emailAttachment(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	a, err := s.attachment(c.Request().Context(), userID(c), id, c.Param("part"))
	if err != nil {
		return err
	}
	content, err := s.Blobs.Get(c.Request().Context(), userID(c), a.Sha256)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", fileCSP)
	h.Set("Cache-Control", "private, max-age=86400")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Filename}))
	return c.Blob(http.StatusOK, "application/octet-stream", content)
}

func (s *Server) attachment(ctx context.Context, userID, emailID int64, part string) (db.Attachment, error) {
	n, err := strconv.ParseInt(part, 10, 32)
	if err != nil {
		return db.Attachment{}, errs.NotFound
	}
	a, err := s.DB.As(userID).AttachmentGet(ctx, db.AttachmentGetParams{UserID: userID, EmailID: emailID, Part: int32(n)})
	if errors.Is(err, pgx.ErrNoRows) {
		err = errs.NotFound
	}
	return a, err
}

func (s *Server) partOf(ctx context.Context, userID, emailID int64, part string) ([]byte, error) {
	a, err := s.attachment(ctx, userID, emailID, part)
	if err != nil {
		return nil, err
	}
	return s.Blobs.Get(ctx, userID, a.Sha256)
}
