package handlers_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// savedID returns the id of a saved search by its name; a stranger's is made first.
func (p *player) savedID(ctx context.Context, user int64, name string) (int64, error) {
	if user == p.foreign {
		_, err := p.DB.As(user).SavedCreate(ctx, db.SavedCreateParams{UserID: user, Name: name, Query: "offer", Alert: "app", Most: 9})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return 0, err
		}
	}
	rows, err := p.DB.As(user).SavedList(ctx, user)
	for _, row := range rows {
		if row.Name == name {
			return row.ID, nil
		}
	}
	return 0, errors.Join(err, fmt.Errorf("no saved search %q", name))
}
