package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/action"
	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/mail"
	"applylens/views"
)

// maxMessages is how many messages of a thread are shown; older ones are counted.
const maxMessages = 100

// liveHeader marks the requests by which an open page brings itself up to date: nobody has read anything.
const liveHeader = "X-Live"

// threadPage shows a conversation, and marks it as read.
func (s *Server) threadPage(c echo.Context) error {
	threadID, err := paramID(c)
	if err != nil {
		return err
	}
	t, err := s.thread(c, threadID)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return s.threadFragment(c, t)
	}
	if t.Row.UnreadCount > 0 && c.Request().Header.Get(liveHeader) == "" {
		intent := action.Intent{Kind: action.Read, Actor: "person", Reason: "opened"}
		if _, err := s.do(c.Request().Context(), userID(c), intent, action.Target{Threads: []int64{threadID}}); err != nil {
			return fmt.Errorf("mark as read: %w", err)
		}
	}
	p, err := s.page(c, cmp.Or(t.Row.Subject, "(no subject)"), "thread")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.ThreadPage(p, t))
}

// threadFragment sends the body of the one message that was asked for.
func (s *Server) threadFragment(c echo.Context, t views.Thread) error {
	i := slices.IndexFunc(t.Messages, func(m views.Message) bool { return strconv.FormatInt(m.Row.ID, 10) == c.QueryParam("m") })
	if i < 0 {
		return errs.NotFound
	}
	return s.render(c, http.StatusOK, views.MessageBody(t, t.Messages[i], s.Now().In(zoneOf(auth.UserOf(c)))))
}

func (s *Server) thread(c echo.Context, threadID int64) (views.Thread, error) {
	ctx, user := c.Request().Context(), userID(c)
	q := s.DB.As(user)
	t := views.Thread{List: c.QueryParam("list"), CanLike: s.Search.Sense != nil}
	var err error
	t.Row, err = q.ThreadGet(ctx, db.ThreadGetParams{UserID: user, ID: threadID})
	if errors.Is(err, pgx.ErrNoRows) {
		return t, errs.NotFound
	}
	if err != nil {
		return t, err
	}
	rows, err := q.ThreadEmails(ctx, db.ThreadEmailsParams{UserID: user, ThreadID: threadID, MaxRows: maxMessages})
	if err != nil {
		return t, err
	}
	slices.Reverse(rows)
	t.Earlier = int(t.Row.EmailCount) - len(rows)
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	files, err := q.ThreadAttachments(ctx, db.ThreadAttachmentsParams{UserID: user, EmailIds: ids})
	if err != nil {
		return t, err
	}
	if t.Labels, err = q.ThreadLabels(ctx, db.ThreadLabelsParams{UserID: user, EmailIds: ids}); err != nil {
		return t, err
	}
	if t.Actions, err = q.ThreadActions(ctx, db.ThreadActionsParams{UserID: user, EmailIds: ids}); err != nil {
		return t, err
	}
	if t.Messages, err = s.messages(c, rows, files); err != nil {
		return t, err
	}
	if s.Gmail != nil {
		if t.CanAnswer, err = q.OutgoingPossible(ctx, db.OutgoingPossibleParams{UserID: user, ThreadID: threadID}); err != nil {
			return t, err
		}
	}
	t.Newer, t.Older, err = s.neighbours(c, t)
	return t, err
}

// neighbours finds the threads beside this one in the list it was opened from. A search has no order that lasts, so
// from there it has none.
func (s *Server) neighbours(c echo.Context, t views.Thread) (newer, older int64, err error) {
	q, err := url.ParseQuery(t.List)
	if err != nil || q.Has("q") {
		return 0, 0, nil
	}
	f, err := readFilter(q)
	if err != nil {
		return 0, 0, nil //nolint:nilerr // a list that is not one has no neighbours
	}
	newer, older, err = s.listNeighbours(c.Request().Context(), userID(c), f, cursor{t.Row.LastAt, t.Row.ID})
	if errors.Is(err, errs.NotFound) {
		return 0, 0, nil // the label is gone
	}
	return newer, older, err
}

// messages makes the rows ready to be shown. Open are the newest, the unread, and the one that the URL names.
func (s *Server) messages(c echo.Context, rows []db.ThreadEmailsRow, files []db.ThreadAttachmentsRow) ([]views.Message, error) {
	asked, unread := c.QueryParam("m"), 0
	out := make([]views.Message, len(rows))
	for i, row := range rows {
		m := &out[i]
		m.Row = row
		if err := readJudgement(m); err != nil {
			return nil, fmt.Errorf("email %d: %w", row.ID, err)
		}
		for _, f := range files {
			if f.EmailID == row.ID {
				m.Files = append(m.Files, f)
			}
		}
		named := asked == strconv.FormatInt(row.ID, 10)
		if row.Unread {
			unread++
		}
		m.Open = named || i == len(rows)-1 || row.Unread && unread <= 5
		if !m.Open {
			continue
		}
		m.Images = auth.UserOf(c).Images || named && c.QueryParam("images") == "1"
		m.Night = night(c)
		view := ""
		if named {
			view, m.Colours = c.QueryParam("view"), c.QueryParam("colours")
		}
		if err := s.openMessage(c.Request().Context(), userID(c), m, view); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// night reports whether the page is shown in dark colours: by the user's choice, or as static/js/app.js noted of the system.
func night(c echo.Context) bool {
	if theme := auth.UserOf(c).Theme; theme == "dark" || theme == "light" {
		return theme == "dark"
	}
	scheme, err := c.Cookie("scheme")
	return err == nil && scheme.Value == "dark"
}

func readJudgement(m *views.Message) error {
	return errors.Join(json.Unmarshal(m.Row.Verdict, &m.Verdict), json.Unmarshal(m.Row.Calendar, &m.Events),
		json.Unmarshal(m.Row.Warnings, &m.Notes))
}

const (
	maxSource    = 256 << 10 // bytes of the source that are shown
	frameStep    = 80        // pixels between two heights of the frame
	framePadding = 24        // pixels above and below what it shows
	maxFrame     = 60        // steps
)

// openMessage reads the source of a message for the view that was asked for: html where there is any, else plain. Where
// the source is lost, its text is still in the database: the message says so, and the rest of the thread stays readable.
func (s *Server) openMessage(ctx context.Context, user int64, m *views.Message, view string) error {
	raw, err := s.rawOf(ctx, user, m.Row.ID)
	if errors.Is(err, errs.NotFound) {
		s.Log.ErrorContext(ctx, "the original of an email is missing", "user", user, "email", m.Row.ID)
		m.Lost, m.View = true, "plain"
		return nil
	}
	if err != nil {
		return err
	}
	parsed := mail.Parse(raw)
	m.HasHTML = strings.TrimSpace(parsed.HTML) != ""
	m.Leave = leaveList(parsed)
	m.View = view
	if view == "" || view == "html" && !m.HasHTML {
		m.View = "plain"
		if m.HasHTML {
			m.View = "html"
		}
	}
	switch m.View {
	case "html":
		safe := mail.SanitiseHTML(parsed.HTML, mail.HTMLOptions{CID: func(string) string { return "" }})
		m.Remote, m.Pixels = len(safe.RemoteImages), safe.Pixels
		m.Height = min(max((mail.EstimateHeight(safe.HTML)+framePadding)/frameStep+1, 2), maxFrame)
	case "headers":
		m.Headers = parsed.Headers
	case "raw":
		m.RawMore = len(raw) > maxSource
		m.Raw = strings.ToValidUTF8(string(raw[:min(len(raw), maxSource)]), "�")
	case "plain":
	default:
		return errs.NotFound
	}
	return nil
}
