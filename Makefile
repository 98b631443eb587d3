# ApplyLens from the sources. Two commands matter:
#   make run     build and start the program (needs Go and make only)
#   make test    install what the tests need, then run every test
# `make help` lists the others.

SHELL := /bin/bash
.DEFAULT_GOAL := help

GO    ?= go
TOOL   = $(GO) tool -modfile=tools/go.mod
BIN    = bin/applylens
# Where `make run` keeps its database and mail; the program's own default when empty.
DATA  ?=
# An mbox, Maildir, folder of .eml, .eml, .tar.gz or .zip to start with instead of the sample mailbox.
MAIL  ?=
# Further flags of `applylens serve`, for example ARGS="--listen 127.0.0.1:9000".
ARGS  ?=
# How long `make soak` gives to each fuzz test.
FUZZTIME ?= 60s

export APPLYLENS_DATA := $(or $(DATA),$(APPLYLENS_DATA))
ifeq ($(APPLYLENS_DATA),)
unexport APPLYLENS_DATA
endif

export PATH := $(CURDIR)/bin/node:$(PATH)

.PHONY: help build run test check bench dev generate css model soak clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build bin/applylens
	@scripts/need-go.sh
	$(GO) build -o $(BIN) ./cmd/applylens

run: build ## start the program; MAIL=path starts with that mail instead of the sample mailbox
	$(BIN) serve $(if $(MAIL),--import "$(MAIL)",--sample) $(ARGS)

test: ## install what the tests need, then run them all
	@scripts/need-go.sh
	@scripts/setup.sh test
	$(GO) vet ./...
	@scripts/test.sh

check: ## generated files, style, known vulnerabilities, go.mod
	@scripts/need-go.sh
	@scripts/setup.sh check
	@scripts/check.sh

bench: ## measure speed beside other mail programs (tens of minutes); ONLY=import for one section
	@scripts/need-go.sh
	@scripts/setup.sh bench
	$(GO) run ./test/bench $(if $(ONLY),-only $(ONLY))
	$(if $(ONLY),,$(GO) test -run TestBars -v -timeout 40m ./internal/triage/eval ./internal/search/elastic)
	$(if $(ONLY),,SEARCH_BENCH=$${TMPDIR:-/tmp}/applylens-search-bench $(GO) test -run xxx -bench 'Search|Hybrid|Embed' -benchtime 200x -timeout 40m ./internal/search)
	$(if $(ONLY),,$(GO) run ./test/relevance)

dev: ## rebuild and restart on every change
	@scripts/need-go.sh
	@scripts/setup.sh css
	$(TOOL) air -c tools/air.toml

generate: ## write the generated Go (sqlc, templ) and the stylesheet anew
	@scripts/need-go.sh
	@scripts/generate.sh

css: ## write the stylesheet anew
	@scripts/setup.sh css
	@scripts/css.sh

model: ## train the built-in classifier anew
	@scripts/need-go.sh
	$(GO) run ./internal/triage/train

soak: ## run every fuzz test for FUZZTIME each
	@scripts/need-go.sh
	@scripts/soak.sh $(FUZZTIME)

clean: ## remove what was built; mail and database stay
	rm -rf bin node_modules
