#!/usr/bin/env bash
# Install JupyterLab in an environment of its own, for the tests.
# Usage: tools/install_jupyterlab.sh PYTHON FOLDER
# Never fails: the stories told there skip where it cannot be had, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1 folder=$(mkdir -p "$2" && cd "$2" && pwd)
versions=tests/system/jupyterlab/requirements.txt

install() {
    "$python" -m pip install --quiet --disable-pip-version-check 'playwright==1.65.2'
    cmp -s "$versions" "$folder/installed" && return
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$versions"
    cp "$versions" "$folder/installed"
}

log=$(mktemp)
install >"$log" 2>&1 </dev/null & # in a condition, errors would not end it
wait $! || {
    tail -n 20 "$log" >&2
    echo "SKIPPED: JupyterLab could not be installed; its stories will skip." >&2
}
rm -f "$log"
