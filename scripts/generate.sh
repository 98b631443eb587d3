#!/usr/bin/env bash
# generate.sh [FOLDER] writes every generated file of the tree anew: sqlc, templ, and where
# node_modules is there the stylesheet and the vendored scripts.
# FOLDER (default: this checkout) is the tree to work in; check.sh passes a copy.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/..}"
tool() { "${GO:-go}" tool -modfile=tools/go.mod "$@"; }
tool sqlc generate
if [ -d views ]; then
	tool templ generate -path views -log-level error
fi
if [ -d node_modules ]; then
	cp node_modules/htmx.org/dist/htmx.min.js static/vendor/htmx.js
	cp node_modules/idiomorph/dist/idiomorph-ext.min.js static/vendor/idiomorph.js
	cp node_modules/uplot/dist/uPlot.iife.min.js static/vendor/uplot.js
	cp node_modules/uplot/dist/uPlot.min.css static/vendor/uplot.css
	cp node_modules/uplot/LICENSE static/vendor/uplot.LICENSE
	"$here/css.sh" "$PWD"
fi
