package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"applylens/internal/embed"
	"applylens/internal/embed/onnx"
	"applylens/internal/embed/remote"
	"applylens/internal/search"
)

// openSense sets up search by meaning; nil when it is turned off. Nothing is fetched yet.
func (a *app) openSense() (*search.Sense, error) {
	set := a.settings.Embed
	if set.URL == "" && set.Model == embed.None {
		return nil, nil
	}
	local, err := a.localModels()
	if err != nil {
		return nil, err
	}
	if set.URL != "" {
		service, err := remote.New(set.URL, set.Key, set.Model)
		if err != nil {
			return nil, err
		}
		return &search.Sense{Model: service.ID(), Now: time.Now, Open: func(ctx context.Context, model string) (search.Encoder, error) {
			if model == service.ID() {
				return service, nil
			}
			return local(ctx, model)
		}}, nil
	}
	if set.Model == "" {
		set.Model = embed.Models()[0].Name
	}
	if _, ok := embed.ModelOf(set.Model); !ok {
		var names []string
		for _, m := range embed.Models() {
			names = append(names, m.Name)
		}
		return nil, fmt.Errorf("EMBED_MODEL %q is unknown; known are %s and none", set.Model, strings.Join(names, ", "))
	}
	return &search.Sense{Model: set.Model, Now: time.Now, Open: local}, nil
}

// localModels opens models on this machine, fetching them first if need be. Root opens none: a library that another user
// may write to is not for it.
func (a *app) localModels() (func(context.Context, string) (search.Encoder, error), error) {
	dir, err := a.owner.CacheFolder() // now: an ordinary user would get another
	if err != nil {
		return nil, err
	}
	models := &onnx.Local{Files: onnx.Files{Dir: dir, Base: a.settings.Embed.Maven, Progress: a.tellFetching()}, Threads: a.settings.Embed.Threads}
	return func(ctx context.Context, name string) (search.Encoder, error) {
		m, ok := embed.ModelOf(name)
		if !ok {
			return nil, fmt.Errorf("the model %q is not one of this machine", name)
		}
		if os.Geteuid() == 0 {
			return nil, errors.New("a model is not run as root")
		}
		encoder, err := models.Open(ctx, m, true)
		if err != nil {
			a.log.Warn("no search by meaning", "model", name, "error", err)
			return nil, err
		}
		return encoder, nil
	}, nil
}

// tellFetching logs the beginning and each quarter of what is fetched.
func (a *app) tellFetching() func(done, all int64) {
	last := int64(-1)
	return func(done, all int64) {
		if quarter := 4 * done / max(all, 1); quarter != last {
			if last = quarter; quarter == 0 {
				a.log.Info("fetching the model for search by meaning; EMBED_MODEL=none does without", "megabytes", all>>20)
			} else {
				a.log.Info("fetching the model", "percent", 25*quarter)
			}
		}
	}
}
