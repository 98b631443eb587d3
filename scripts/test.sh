#!/usr/bin/env bash
# test.sh runs every Go test and closes with go test's own lines, one a package.
# PACKAGES (default ./...) chooses; TESTFLAGS are the flags of go test (default -short: what takes
# minutes is left to make bench and make soak). The embedded Postgres and
# the Elasticsearch of the tests get data folders of their own, and are stopped at the end. Packages whose tests
# use a database run a second time on Debian's Postgres, where that is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
work=$(mktemp -d "${TMPDIR:-/tmp}/applylens-test.XXXXXX")
chmod 755 "$work" # as root, Postgres runs as somebody else
mkdir "$work/data"
export APPLYLENS_TEST_DATA=$work/data
clean_up() {
	local pid
	if pid=$(head -1 "$work/data/postgres/data/postmaster.pid" 2>/dev/null); then
		kill -INT "$pid" 2>/dev/null || true # a fast shutdown
		for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
	fi
	if pid=$(cat "$work/data-elasticsearch/pid" 2>/dev/null); then
		kill -KILL "$pid" 2>/dev/null || true # its data goes as well
		for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
	fi
	rm -rf "$work"
}
trap clean_up EXIT
summary=$work/summary
if [ -z "${PACKAGES:-}" ]; then
	grep -rl --include='*_test.go' '"applylens/internal/db/dbtest"' internal handlers | xargs -r -n1 dirname | sort -u |
		sed 's#^#./#' | xargs -r scripts/postgres.sh "$GO" test -short -p 1
fi
$GO build -o "$summary" ./scripts/testsummary
# shellcheck disable=SC2086
$GO test -json -timeout 20m ${TESTFLAGS:--short} ${PACKAGES:-./...} | "$summary"
