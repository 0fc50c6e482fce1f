#!/usr/bin/env bash
# Put the manual where `man` looks for a program of a virtual environment. An installation from a
# wheel does that itself; one that is editable leaves such files out.
# Usage: tools/link_manual.sh VENV
set -euo pipefail
cd "$(dirname "$0")/.."
pages=$1/share/man/man1

mkdir -p "$pages"
ln -sf "$PWD/docs/man/llmspell.1" "$pages/"
