"""``llmspell completion``: what a shell completes words with.

A script asks ``llmspell completion words`` at each TAB, so that what it offers is what this version
takes, kernels and sessions as they are now.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence

from llmspell.cli.actions import Action, add_actions
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser

BASH = """\
# Completion of llmspell for bash 4.1 and newer: eval "$(llmspell completion bash)"
_llmspell() {
    local line words=() filter=""
    local program="${COMP_WORDS[0]/#\\~/$HOME}" asked=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    local current="${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    while IFS= read -r line; do
        case "$line" in
            :files) filter=-f ;;
            :folders) filter=-d ;;
            ?*) words+=("$line") ;;
        esac
    done < <("$program" completion words bash -- "$current" "${asked[@]}" 2>/dev/null)
    [ "$current" = "=" ] && current=""
    if [ "${#words[@]}" -gt 0 ]; then
        for line in "${words[@]}"; do COMPREPLY+=("$(printf %q "$line")"); done
    fi
    [ -z "$filter" ] && return
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$filter" -- "$current")
}
complete -F _llmspell llmspell
"""

ZSH = """\
#compdef llmspell
# Completion of llmspell for zsh: eval "$(llmspell completion zsh)", or a file _llmspell in $fpath
_llmspell() {
    local line filter="" program="${words[1]/#\\~/$HOME}"
    local -a found
    while IFS= read -r line; do
        case "$line" in
            :files) filter=files ;;
            :folders) filter=folders ;;
            ?*) found+=("$line") ;;
        esac
    done < <(
        "$program" completion words zsh -- \\
            "${words[CURRENT]}" "${(@)words[2,CURRENT-1]}" 2>/dev/null
    )
    (( ${#found} )) && _describe -t words llmspell found
    case "$filter" in
        files) _files ;;
        folders) _files -/ ;;
    esac
}
if [ "$funcstack[1]" = "_llmspell" ]; then _llmspell "$@"; else compdef _llmspell llmspell; fi
"""

FISH = """\
# Completion of llmspell for fish: llmspell completion fish | source
function __llmspell
    set -l asked (commandline -opc)
    set -l program (string replace -r "^~" "$HOME" -- $asked[1])
    set -l current (commandline -ct)
    for line in ($program completion words fish -- "$current" $asked[2..-1] 2>/dev/null)
        switch "$line"
            case ":files"
                __fish_complete_path "$current"
            case ":folders"
                __fish_complete_directories "$current"
            case "*"
                printf "%s\\n" "$line"
        end
    end
end
complete -c llmspell -f -a "(__llmspell)"
"""

SCRIPTS: Mapping[str, str] = {"bash": BASH, "zsh": ZSH, "fish": FISH}

PLACES: Mapping[str, tuple[str, ...]] = {
    "bash": (
        'eval "$(llmspell completion bash)"  # in ~/.bashrc',
        "llmspell completion bash > ~/.local/share/bash-completion/completions/llmspell",
    ),
    "zsh": (
        'eval "$(llmspell completion zsh)"  # in ~/.zshrc, behind compinit',
        "llmspell completion zsh > ~/.zfunc/_llmspell  # with ~/.zfunc in $fpath",
    ),
    "fish": ("llmspell completion fish > ~/.config/fish/completions/llmspell.fish",),
}
"""Where the scripts go."""


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell completion",
        description="Write a script with which a shell completes commands, options, kernels, "
        "sessions and keys.",
        examples=PLACES["bash"],
    )
    add_actions(parser, ACTIONS)
    return parser


def main(arguments: Sequence[str], _options: GlobalOptions) -> int:
    """Write the script, or answer one: ``words SHELL -- CURRENT WORD …``."""
    if arguments[:1] == ["words"]:
        return _answer(arguments[1:])
    chosen = make_parser().parse_args(arguments)
    return int(chosen.run(chosen))


def _answer(arguments: Sequence[str]) -> int:
    from llmspell.cli.candidates import as_lines, candidates

    if len(arguments) < 3 or arguments[0] not in SCRIPTS:
        return 2
    shell, _, current, *words = arguments
    found = candidates(words, current)
    sys.stdout.writelines(f"{line}\n" for line in as_lines(found, shell))
    return 0


def _no_options(_parser: argparse.ArgumentParser) -> None:
    """They have none."""


def _write(chosen: argparse.Namespace) -> int:
    sys.stdout.write(SCRIPTS[chosen.action])
    return 0


ACTIONS: Mapping[str, Action] = {
    shell: Action(f"Write the script for {shell}.", _no_options, _write, PLACES[shell])
    for shell in SCRIPTS
}
"""The words behind ``llmspell completion``: shells."""
