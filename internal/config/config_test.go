package config

import "testing"

func TestSettingsCheck(t *testing.T) {
	for name, c := range map[string]struct {
		settings Settings
		ok       bool
	}{
		"defaults":                {Settings{}, true},
		"server":                  {Settings{DatabaseURL: "postgres://u@h/d"}, true},
		"owner without server":    {Settings{MigrateDatabaseURL: "postgres://u@h/d"}, false},
		"metrics on this machine": {Settings{Metrics: Metrics{Listen: "127.0.0.1:9464"}}, true},
		"metrics for everybody":   {Settings{Metrics: Metrics{Listen: ":9464"}}, false},
		"metrics with a token":    {Settings{Metrics: Metrics{Listen: ":9464", Token: "0123456789abcdef"}}, true},
		"a token that is guessed": {Settings{Metrics: Metrics{Token: "secret"}}, false},
		"another kind of address": {Settings{DatabaseURL: "mysql://u@h/d"}, false},
	} {
		err := c.settings.Check()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && c.settings.Data == "" {
			t.Errorf("%s: no data folder", name)
		}
	}
}

func TestWebCheck(t *testing.T) {
	good := Web{Listen: "127.0.0.1:8080", User: "a@b.example", Rate: 600}
	for name, c := range map[string]struct {
		change func(*Web)
		ok     bool
	}{
		"as it is":     {func(*Web) {}, true},
		"public":       {func(w *Web) { w.URL = "https://mail.example.com/" }, true},
		"with a path":  {func(w *Web) { w.URL = "https://example.com/mail" }, false},
		"no scheme":    {func(w *Web) { w.URL = "example.com" }, false},
		"no port":      {func(w *Web) { w.Listen = "localhost" }, false},
		"not an email": {func(w *Web) { w.User = "me" }, false},
	} {
		w := good
		c.change(&w)
		if err := w.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckEnvironment(t *testing.T) {
	if err := CheckEnvironment([]string{"APPLYLENS_DATA=/x", "PATH=/bin"}); err != nil {
		t.Error(err)
	}
	if err := CheckEnvironment([]string{"APPLYLENS_DTA=/x"}); err == nil {
		t.Error("a misspelt variable was not noticed")
	}
}
