#!/usr/bin/env bash
# postgres.sh COMMAND… runs a command with DATABASE_URL set to a throw-away server of Debian's own
# Postgres (15 or newer), to prove that the program does not need the one it brings itself.
# It says so and does nothing where Debian's is not installed.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
	echo "Debian's Postgres is not installed: not tested with it (apt-get install postgresql)"
	exit 0
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/applylens-postgres.XXXXXX")
as_user() { # Postgres refuses root
	if [ "$(id -u)" = 0 ]; then runuser -u nobody -- "$@"; else "$@"; fi
}
if [ "$(id -u)" = 0 ]; then chown nobody "$dir"; fi
here=$PWD
cd "$dir"
as_user "$bin/initdb" -D "$dir/data" -U postgres --auth=trust -E UTF8 --locale=C >/dev/null
port=$(((RANDOM % 20000) + 30000))
clean_up() {
	as_user "$bin/pg_ctl" -D "$dir/data" -m fast -w stop >/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT
as_user "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-p $port -k $dir -c listen_addresses=127.0.0.1 -c fsync=off" start >/dev/null
cd "$here"
echo "with $("$bin/postgres" --version):"
DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable" "$@"
