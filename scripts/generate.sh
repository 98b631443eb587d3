#!/usr/bin/env bash
# generate.sh [FOLDER] writes every generated file of the tree anew: sqlc, templ, stylesheet.
# FOLDER (default: this checkout) is the tree to work in; check.sh passes a copy.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}"
tool() { "${GO:-go}" tool -modfile=tools/go.mod "$@"; }
tool sqlc generate
if [ -d views ]; then
	tool templ generate -path views -log-level error
fi
if [ -f views/app.css ] && [ -d node_modules ]; then
	"$here/css.sh" "$PWD"
fi
