// Package migrations holds the schema as goose migrations, embedded in the program.
package migrations

import "embed"

// FS holds the migration files.
//
//go:embed *.sql
var FS embed.FS
