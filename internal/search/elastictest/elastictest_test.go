package elastictest

import "testing"

// TestServer starts the server, which proves that the plugin loads.
func TestServer(t *testing.T) {
	s := New(t)
	if err := s.answers(t.Context()); err != nil {
		t.Fatal(err)
	}
}
