#!/usr/bin/env bash
# Install what tests/system drives from Debian's packages, where that is possible: editors, a browser,
# and what code-server's modules are compiled with.
# Never fails: the tests of a client that is missing skip, and say so.
set -euo pipefail
packages=(
    emacs-nox elpa-dap-mode
    fish zsh
    chromium
    tmux
    g++ make pkg-config libkrb5-dev libsecret-1-dev libx11-dev libxkbfile-dev
)

missing=()
for package in "${packages[@]}"; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null |
        grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
    sudo=(sudo --non-interactive)
fi
if ! command -v apt-get >/dev/null || ! "${sudo[@]}" true 2>/dev/null; then
    echo "SKIPPED: cannot install ${missing[*]} (needs apt-get and root); their tests will skip." >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq </dev/null &&
    "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null ||
    echo "SKIPPED: apt-get could not install ${missing[*]}; their tests will skip." >&2
