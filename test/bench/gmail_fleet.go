package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// gmailFleet runs the measure of many accounts, which needs the engine itself, and takes over its lines.
func gmailFleet(ctx context.Context, b *bench, t *table) error {
	cmd := exec.CommandContext(ctx, "go", "test", "./internal/gmail/gmailsync", "-run", "TestFleet$", "-count=1", "-v", "-timeout", "20m", "-fleet")
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "APPLYLENS_TEST_DATA="+b.path("fleet-postgres"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("the measure of many accounts: %w\n%s", err, tail(out))
	}
	for line := range strings.Lines(string(out)) {
		if _, row, ok := strings.Cut(line, "bench: "); ok {
			t.add(strings.Split(strings.TrimSpace(row), " | ")...)
		}
	}
	return nil
}
