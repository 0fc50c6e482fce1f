#!/usr/bin/env bash
# Make a virtual environment and install the project with its tools into it.
# Usage: tools/install.sh PYTHON VENV
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1 venv=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "llmspell needs Python 3.11 or newer; $python is $("$python" -V 2>&1)." >&2
    echo "Name another one: make setup PYTHON=/path/to/python3" >&2
    exit 1
}

# A distribution may keep ensurepip in a package of its own. Then the environment starts empty and
# the pip outside installs the first one inside.
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv" >/dev/null 2>&1 || {
    "$python" -m venv --clear --without-pip "$venv"
    "$python" -m pip --python "$venv/bin/python" install --quiet pip
}

tools/link_manual.sh "$venv"

if command -v uv >/dev/null; then
    uv pip install --quiet --python "$venv/bin/python" -c constraints.txt -e '.[dev]' && exit
    echo "uv could not install the project; trying pip." >&2
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
