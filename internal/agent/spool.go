package agent

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/google/uuid"
)

// A spool keeps runs that have ended until Postgres has them: lines in two files that take turns, one being written
// while the other is sent. What was written outlives a kill -9 of the process; whoever opens the folder next, or looks
// into it later, sends what a dead process left. A line is the CRC-32 of the record in hexadecimal, a space, the record
// in JSON. When the disk is full, records wait in memory, up to a bound; when that is passed too, they are dropped and
// counted: work goes on.
type spool struct {
	dir string
	own []string // the paths of its files

	sending sync.Mutex // held by whoever drains
	resting *segment   // of who holds it

	mu      sync.Mutex
	active  *segment
	memory  [][]byte
	held    int   // bytes in memory
	waiting int   // records that Postgres does not have yet
	dropped int64 // records that were lost
	trouble error // of the last write
}

type segment struct {
	path string
	file *os.File
	size int64 // bytes written
	sent int64 // bytes Postgres has
}

// maxSegment bounds a file, maxMemory what waits in memory, maxSend what is sent at once; in bytes.
const (
	maxSegment = 256 << 20
	maxMemory  = 16 << 20
	maxSend    = 4 << 20
	spoolEnd   = ".spool"
)

func openSpool(dir string, own func(string) error) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for runs cannot be made: %w", err)
	}
	if err := own(dir); err != nil {
		return nil, err
	}
	s := &spool{dir: dir}
	name := strconv.Itoa(os.Getpid()) + "-" + uuid.NewString()[:8]
	for i, to := range []**segment{&s.active, &s.resting} {
		seg, err := newSegment(filepath.Join(dir, name+"-"+strconv.Itoa(i)), own)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		*to = seg
		s.own = append(s.own, seg.path)
	}
	return s, nil
}

// newSegment makes a file that is locked before it has the name by which others look for files of the dead.
func newSegment(path string, own func(string) error) (*segment, error) {
	file, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	err = errors.Join(own(path+".new"), syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), os.Rename(path+".new", path+spoolEnd))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &segment{path: path + spoolEnd, file: file}, nil
}

// append writes a record. It never fails and never waits for Postgres.
func (s *spool) append(record []byte) {
	line := make([]byte, 0, len(record)+10)
	line = fmt.Appendf(line, "%08x ", crc32.ChecksumIEEE(record))
	line = append(append(line, record...), '\n')
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active.size+int64(len(line)) > maxSegment {
		s.remember(record, errors.New("the spool of runs is full"))
		return
	}
	if _, err := s.active.file.WriteAt(line, s.active.size); err != nil {
		_ = s.active.file.Truncate(s.active.size) // half a line would be skipped by its CRC as well
		s.remember(record, err)
		return
	}
	s.active.size += int64(len(line))
	s.waiting++
	s.trouble = nil
}

// remember holds a record in memory that the disk does not take.
func (s *spool) remember(record []byte, why error) {
	s.trouble = why
	if s.held+len(record) > maxMemory {
		s.dropped++
		return
	}
	s.memory = append(s.memory, record)
	s.held += len(record)
	s.waiting++
}

// drain sends what waits. An error of send ends it, and what was not sent waits on.
func (s *spool) drain(send func([][]byte) error) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	give := func(records [][]byte) error {
		err := send(records)
		if err == nil {
			s.mu.Lock()
			s.waiting -= len(records)
			s.mu.Unlock()
		}
		return err
	}
	if err := s.drainMemory(give); err != nil {
		return err
	}
	for range 2 { // what rested, then what was active meanwhile
		if err := s.resting.drain(give); err != nil {
			return err
		}
		s.mu.Lock()
		if s.active.size == 0 {
			s.mu.Unlock()
			return nil
		}
		s.active, s.resting = s.resting, s.active
		s.mu.Unlock()
	}
	return s.resting.drain(give)
}

func (s *spool) drainMemory(send func([][]byte) error) error {
	s.mu.Lock()
	batch := s.memory
	s.memory, s.held = nil, 0
	s.mu.Unlock()
	for len(batch) > 0 {
		n := min(len(batch), 500)
		if err := send(batch[:n]); err != nil {
			s.mu.Lock()
			for _, r := range batch {
				s.waiting--
				s.remember(r, s.trouble)
			}
			s.mu.Unlock()
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// drain sends what a file has, and empties it. Nobody writes to it meanwhile.
func (g *segment) drain(send func([][]byte) error) error {
	for g.sent < g.size {
		chunk := make([]byte, min(g.size-g.sent, maxSend))
		if _, err := g.file.ReadAt(chunk, g.sent); err != nil {
			return fmt.Errorf("read the spool of runs: %w", err)
		}
		end := bytes.LastIndexByte(chunk, '\n') + 1
		if end == 0 { // one record larger than a chunk
			line, err := g.line()
			if err != nil {
				return err
			}
			chunk, end = line, len(line)
		}
		if records := parseLines(chunk[:end]); len(records) > 0 {
			if err := send(records); err != nil {
				return err
			}
		}
		g.sent += int64(end)
	}
	if g.size == 0 {
		return nil
	}
	if err := g.file.Truncate(0); err != nil {
		return fmt.Errorf("empty the spool of runs: %w", err)
	}
	g.size, g.sent = 0, 0
	return nil
}

// line reads one record of any length; a tail without an end is dropped with the rest of the file.
func (g *segment) line() ([]byte, error) {
	rest := make([]byte, g.size-g.sent)
	if _, err := g.file.ReadAt(rest, g.sent); err != nil {
		return nil, fmt.Errorf("read the spool of runs: %w", err)
	}
	if end := bytes.IndexByte(rest, '\n'); end >= 0 {
		return rest[:end+1], nil
	}
	return rest, nil
}

// parseLines returns the records of whole lines whose checksum holds.
func parseLines(text []byte) [][]byte {
	var records [][]byte
	for line := range bytes.SplitSeq(text, []byte{'\n'}) {
		if len(line) < 10 || line[8] != ' ' {
			continue
		}
		sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
		if err == nil && uint32(sum) == crc32.ChecksumIEEE(line[9:]) {
			records = append(records, line[9:])
		}
	}
	return records
}

// adopt sends what processes that are gone have left in the folder, and removes their files.
func (s *spool) adopt(send func([][]byte) error) (err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), spoolEnd) {
			continue
		}
		path := filepath.Join(s.dir, e.Name())
		if slices.Contains(s.own, path) {
			continue
		}
		if failed := adoptFile(path, send); failed != nil {
			err = failed
		}
	}
	return err
}

func adoptFile(path string, send func([][]byte) error) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
			return nil // another was quicker, or it is another user's
		}
		return err
	}
	defer func() { _ = file.Close() }()
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil // its process lives
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := (&segment{path: path, file: file, size: info.Size()}).drain(send); err != nil {
		return err
	}
	return os.Remove(path)
}

// lose counts a record that is lost.
func (s *spool) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped++
}

// state tells how the spool fares: records that wait, records that were lost, and the trouble of the last write.
func (s *spool) state() (waiting int, dropped int64, trouble error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting, s.dropped, s.trouble
}

// close gives the files up; those that Postgres has all of are removed.
func (s *spool) close() error {
	var failed []error
	for _, g := range []*segment{s.active, s.resting} {
		if g == nil {
			continue
		}
		if g.sent == g.size {
			if err := os.Remove(g.path); !errors.Is(err, os.ErrNotExist) {
				failed = append(failed, err)
			}
		}
		failed = append(failed, g.file.Close())
	}
	return errors.Join(failed...)
}
