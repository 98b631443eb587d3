#!/usr/bin/env bash
# need-go.sh stops with a sentence when there is no Go, or one older than go.mod asks for.
set -euo pipefail
cd "$(dirname "$0")/.."
want=$(sed -n 's/^go //p' go.mod)
if ! command -v "${GO:-go}" >/dev/null; then
	echo "Go is missing: install Go $want or newer from https://go.dev/dl/ and put its bin folder on PATH." >&2
	exit 1
fi
have=$(GOTOOLCHAIN=local "${GO:-go}" env GOVERSION | sed 's/^go//; s/[ -].*//')
if [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -1)" != "$want" ]; then
	echo "Go $have is too old: go.mod asks for $want or newer (https://go.dev/dl/)." >&2
	exit 1
fi
