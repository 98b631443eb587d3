package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A searcher is a peer that finds mail from the command line.
type searcher struct {
	name string
	fill func(ctx context.Context, b *bench, scratch string) (mails int, took time.Duration, err error)
	find func(scratch string, words []string) []string // the command, which prints what it finds
}

var searchers = []searcher{
	{"notmuch search", runNotmuch, func(scratch string, words []string) []string {
		return append([]string{"notmuch", "--config=" + filepath.Join(scratch, "notmuch.conf"), "search", "--limit=50"}, words...)
	}},
	{"mu find", runMu, func(scratch string, words []string) []string {
		return append([]string{"mu", "find", "--muhome=" + scratch, "--maxnum=50"}, words...)
	}},
}

// largePeers is this bench with the Maildir of the large mailbox, of which a peer makes its store.
func (b *bench) largePeers() (*bench, error) {
	l := *b
	l.work = b.path("large-peers")
	l.small = b.large
	folder := filepath.Join(l.path("maildir"), "cur")
	if entries, err := os.ReadDir(folder); err == nil && len(entries) == b.large {
		return &l, nil
	}
	if err := os.RemoveAll(l.path("maildir")); err != nil {
		return nil, err
	}
	return &l, b.writeLargeMaildir(l.path("maildir"))
}

// search measures a peer with the queries that ours got, one command each: the start of the program belongs to it.
func (s *searcher) search(ctx context.Context, b *bench, queries []string) ([]time.Duration, error) {
	if _, err := exec.LookPath(strings.Fields(s.name)[0]); err != nil {
		return nil, errMissing
	}
	scratch, err := os.MkdirTemp(b.work, "peer")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	if _, _, err := s.fill(ctx, b, scratch); err != nil {
		return nil, err
	}
	var all []time.Duration
	for i, q := range queries {
		line := s.find(scratch, strings.Fields(q))
		began := time.Now()
		err := exec.CommandContext(ctx, line[0], line[1:]...).Run() //nolint:gosec // words of the mails that are measured with
		took := time.Since(began)
		var ended *exec.ExitError
		if err != nil && (!errors.As(err, &ended) || s.name != "mu find") { // mu fails when it finds nothing
			return nil, err
		}
		if i >= warmUp {
			all = append(all, took)
		}
	}
	slices.Sort(all)
	return all, nil
}
