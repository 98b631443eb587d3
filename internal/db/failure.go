package db

import (
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// IsDiskFull reports whether Postgres ran out of room.
func IsDiskFull(err error) bool { return hasCode(err, "53100") }

// IsBadValue reports whether Postgres refused a value (SQLSTATE classes 22, 23 and 54): trying again will not help.
func IsBadValue(err error) bool {
	return hasCode(err, "22") || hasCode(err, "23") || hasCode(err, "54")
}

// IsBadText reports whether Postgres refused a text because it is not UTF-8 or holds NUL.
func IsBadText(err error) bool { return hasCode(err, "22021") || hasCode(err, "22P05") }

// IsGone reports whether the connection to Postgres was lost or refused, so that trying again later may help.
func IsGone(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return hasCode(err, "57P") || hasCode(err, "08") || errors.As(err, &connect) || errors.As(err, &network) ||
		pgconn.SafeToRetry(err) || errors.Is(err, net.ErrClosed) || (err != nil && strings.Contains(err.Error(), "unexpected EOF"))
}

func hasCode(err error, prefix string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && strings.HasPrefix(e.Code, prefix)
}

// IsCollision reports whether Postgres ended a transaction because of another one; trying again helps.
func IsCollision(err error) bool { return hasCode(err, "40") }
