package main

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"applylens/internal/db/dbtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"applylens": main})
}

// TestScripts runs the program as a person at a terminal does; see testdata.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("APPLYLENS_DATA", dbtest.Folder())
			env.Setenv("DATABASE_URL", os.Getenv("DATABASE_URL"))
			env.Setenv("APPLYLENS_BLOBS", env.WorkDir+"/blobs")
			env.Setenv("HOME", os.Getenv("HOME"))
			env.Setenv("ME", fmt.Sprintf("me-%d@example.com", time.Now().UnixNano()))
			return nil
		},
	})
}
