#!/usr/bin/env bash
# Unpack Debian's PostgreSQL server and the libraries it needs into a folder, without root, unless a
# server is installed already. Usage: tools/install_postgres.sh FOLDER [--always]
# Never fails: the tests that need a server skip where it cannot be had, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mkdir -p "$1" && cd "$1" && pwd)
always=${2:-}

[ -n "$always" ] || ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || exit 0
! ls "$folder"/usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || exit 0

# What apt would install, as far as it is not there: the server that the distribution recommends
# (not postgresql-common, which would make a cluster), and libraries.
wanted() {
    server=$(apt-cache depends postgresql | sed -n 's/^ *Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1)
    [ -n "$server" ] || { echo "apt knows no package postgresql" >&2 && return 1; }
    echo "$server"
    apt-get install --simulate --no-install-recommends "$server" | sed -n 's/^Inst \(lib[^ ]*\) (.*/\1/p'
}

unpack() {
    cd "$1"
    packages=$(wanted)
    # shellcheck disable=SC2086 # several names
    apt-get download -qq $packages
    for package in *.deb; do
        dpkg --extract "$package" "$folder"
    done
}

downloads=$(mktemp -d)
if command -v apt-get >/dev/null; then
    (unpack "$downloads") >"$downloads/log" 2>&1 </dev/null & # in a condition, errors would not end it
    wait $! || tail -n 5 "$downloads/log" >&2
fi
rm -r "$downloads"
ls "$folder"/usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
    echo "SKIPPED: PostgreSQL could not be unpacked; the tests of its store will skip." >&2
