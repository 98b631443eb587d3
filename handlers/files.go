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
	opt := mail.HTMLOptions{CID: func(contentID string) string { return inlinePart(m, id, contentID) }}
	if c.QueryParam("images") == "1" {
		opt.Image = func(url string) string {
			return "/emails/" + c.Param("id") + "/image?" + s.Images.Query(userID(c), id, url)
		}
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", frameCSP)
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Referrer-Policy", "no-referrer")
	page := "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>" + html.EscapeString(m.Subject) +
		"</title></head><body>" + mail.SanitiseHTML(m.HTML, opt).HTML + "</body></html>"
	return c.HTML(http.StatusOK, page)
}

// inlinePart is the path of the part with a Content-ID.
func inlinePart(m *mail.Message, emailID int64, contentID string) string {
	i := slices.IndexFunc(m.Attachments, func(a mail.Attachment) bool { return a.ContentID != "" && a.ContentID == contentID })
	if i < 0 || imageproxy.Sniff(m.Attachments[i].Data) == "" {
		return ""
	}
	return "/emails/" + strconv.FormatInt(emailID, 10) + "/attachments/" + strconv.Itoa(i) + "?inline=1"
}

// emailImage fetches a remote image of a mail for its reader. The address is signed by us for this user and mail, so
// the proxy fetches nothing that does not stand in a stored mail.
func (s *Server) emailImage(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	url := c.QueryParam("u")
	if !s.Images.Verify(userID(c), id, url, c.QueryParam("s")) {
		return errs.NotFound
	}
	body, contentType, err := imageproxy.Serve(c.Request().Context(), s.Remote, url)
	if err != nil {
		return &errs.Error{Status: http.StatusBadGateway, Msg: "The image could not be fetched.", Err: err}
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

// emailAttachment serves a file that came with a mail: as a download, or shown in the mail when it is an image of it.
func (s *Server) emailAttachment(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	part, err := strconv.ParseInt(c.Param("part"), 10, 32)
	if err != nil {
		return errs.NotFound
	}
	ctx := c.Request().Context()
	a, err := s.DB.As(userID(c)).AttachmentGet(ctx, db.AttachmentGetParams{UserID: userID(c), EmailID: id, Part: int32(part)})
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.NotFound
	}
	if err != nil {
		return err
	}
	content, err := s.Blobs.Get(ctx, userID(c), a.Sha256)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", fileCSP)
	h.Set("Cache-Control", "private, max-age=86400")
	if kind := imageproxy.Sniff(content); kind != "" && c.QueryParam("inline") != "" {
		imageproxy.SetHeaders(h, kind)
		return c.Blob(http.StatusOK, kind, content)
	}
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Filename}))
	return c.Blob(http.StatusOK, "application/octet-stream", content)
}
