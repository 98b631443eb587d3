#!/usr/bin/env bash
# check.sh proves that generated files do not drift, that the linter has nothing to say, that
# go.mod is tidy and, where the database of vulnerabilities answers, that none is known.
# All checks run; the status is 1 when any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
failed=0
report() { # report NAME STATUS
	if [ "$2" = 0 ]; then echo "check: $1: ok"; else echo "check: $1: FAILED" && failed=1; fi
}

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT

# drift generates into a copy of the working tree and compares.
drift() {
	command -v git >/dev/null || { echo "check: git is missing: nothing can be compared" && return 1; }
	git -c safe.directory="$PWD" ls-files -co --exclude-standard -z | while IFS= read -r -d '' f; do
		[ -e "$f" ] && printf '%s\0' "$f"
	done | tar --null -T - -cf - | tar -xf - -C "$copy" || return 1
	[ -d node_modules ] && ln -s "$PWD/node_modules" "$copy/node_modules"
	[ -d node_modules ] || echo "check: no node_modules: the stylesheet is not compared"
	scripts/generate.sh "$copy" || return 1
	local status=0
	for room in internal/db views static; do
		[ -d "$room" ] || continue
		diff -rq "$room" "$copy/$room" || status=1
	done
	[ $status = 0 ] || echo "check: run make generate and commit the result"
	return $status
}
drift
report "generated files" $?

$GO tool -modfile=tools/go.mod golangci-lint run ./...
report "golangci-lint" $?

out=$($GO tool -modfile=tools/go.mod govulncheck ./... 2>&1)
status=$?
if [ $status != 0 ] && grep -q 'fetching vulnerabilities' <<<"$out"; then
	echo "check: govulncheck: NOT CHECKED, its database cannot be reached from here"
else
	[ $status = 0 ] || echo "$out"
	report "govulncheck" $status
fi

$GO mod tidy -diff
report "go.mod" $?
(cd tools && $GO mod tidy -diff)
report "tools/go.mod" $?
exit $failed
