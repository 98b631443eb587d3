package config

import (
	"fmt"
	"net/url"
	"time"
)

// LLM are the settings of a language model; without LLM_URL there is none, and everything works without. docs/models.md
// goes through them.
type LLM struct {
	URL      string        `name:"llm-url" env:"LLM_URL" help:"A service that answers as OpenAI's does, such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1. Default: no language model." placeholder:"URL"`
	Key      string        `name:"llm-key" env:"LLM_KEY" help:"Its key; local ones mostly need none." placeholder:"KEY"`
	Model    string        `name:"llm-model" env:"LLM_MODEL" help:"The name of a model of that service." placeholder:"NAME"`
	PriceIn  float64       `name:"llm-price-in" env:"LLM_PRICE_IN" help:"US dollars for a million tokens that are sent." placeholder:"USD"`
	PriceOut float64       `name:"llm-price-out" env:"LLM_PRICE_OUT" help:"US dollars for a million tokens that are answered." placeholder:"USD"`
	Parallel int           `name:"llm-parallel" env:"LLM_PARALLEL" default:"4" help:"Requests at once." placeholder:"N"`
	Timeout  time.Duration `name:"llm-timeout" env:"LLM_TIMEOUT" default:"8s" help:"How long an answer is waited for, with one more try."`
}

// check refuses halves of the settings.
func (l *LLM) check() error {
	if l.URL == "" {
		if l.Model != "" || l.Key != "" {
			return fmt.Errorf("LLM_MODEL and LLM_KEY need LLM_URL: set it, or none of them")
		}
		return nil
	}
	u, err := url.Parse(l.URL)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil:
		return fmt.Errorf("LLM_URL must be http:// or https://, a host and a path such as /v1")
	case l.Model == "":
		return fmt.Errorf("LLM_URL needs LLM_MODEL, the name of a model of that service")
	case l.PriceIn < 0 || l.PriceOut < 0 || l.PriceIn > 10_000 || l.PriceOut > 10_000:
		return fmt.Errorf("LLM_PRICE_IN and LLM_PRICE_OUT are US dollars for a million tokens, from 0 to 10,000")
	case l.Parallel < 1 || l.Parallel > 64:
		return fmt.Errorf("LLM_PARALLEL must be from 1 to 64")
	case l.Timeout < time.Second || l.Timeout > 25*time.Second:
		return fmt.Errorf("LLM_TIMEOUT must be from 1s to 25s: a run may last a minute")
	}
	return nil
}
