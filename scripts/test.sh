#!/usr/bin/env bash
# test.sh runs every Go test and closes with go test's own lines, one a package.
# PACKAGES (default ./...) chooses; TESTFLAGS adds flags of go test.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
summary=$(mktemp)
trap 'rm -f "$summary"' EXIT
$GO build -o "$summary" ./scripts/testsummary
# shellcheck disable=SC2086
$GO test -json ${TESTFLAGS:-} ${PACKAGES:-./...} | "$summary"
