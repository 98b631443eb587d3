#!/usr/bin/env bash
# css.sh [FOLDER] writes static/app.css from views/app.css, tailwind.config.js and the class names
# in views, with the Tailwind and daisyUI of package-lock.json. FOLDER (default: this checkout) is
# the tree to work in; check.sh passes a copy.
set -euo pipefail
export PATH=$(cd "$(dirname "$0")/.." && pwd)/bin/node:$PATH # where setup.sh puts Node when Debian's is too old
cd "${1:-$(dirname "$0")/..}"
node node_modules/@tailwindcss/cli/dist/index.mjs --input views/app.css --output static/app.css --minify
