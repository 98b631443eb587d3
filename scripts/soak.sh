#!/usr/bin/env bash
# soak.sh TIME runs every fuzz test of the module for TIME each (Go's form, such as 60s).
# A failing input stays in the package's testdata/fuzz, to be fixed and committed as a seed.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
time=${1:?how long for each fuzz test, such as 60s}
grep -rlE --include='*_test.go' '^func Fuzz[A-Z]' . | xargs -r -n1 dirname | sort -u | while read -r dir; do
	grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go | sed 's/^func //' | while read -r name; do
		echo "soak: $dir $name for $time"
		$GO test "$dir" -run '^$' -fuzz "^$name\$" -fuzztime "$time"
	done
done

# The fault test at full length: Elasticsearch fails in all ways while mail arrives and people search.
echo "soak: the fault test"
$GO test ./internal/search/elastic -run TestFaults -v -timeout 60m

# The loss test at full length: a mailbox driven from both sides while the program is killed.
echo "soak: the loss test"
$GO test ./internal/gmail/gmailsync -run TestLoss -v -timeout 90m -loss.ops=20000 -loss.kills=30
