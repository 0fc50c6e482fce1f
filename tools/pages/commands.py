"""The reference of the command line: what each command says of itself."""

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from unittest.mock import patch

from llmspell.cli.app import COMMANDS, EXIT_STATUSES, main
from llmspell.cli.command_tree import parsers
from llmspell.cli.global_options import GLOBAL_OPTIONS
from tools.pages.environment import VARIABLES
from tools.pages.markdown import mark, table
from tools.pages.results import RESULTS

INTRODUCTION = """
# Commands

`llmspell COMMAND --help` says the same, `man llmspell` too, where the folder of the program is on the `PATH`; [what each of them says](command-outputs.md) when it is used is a page of its own.
Results go to stdout, everything else to stderr.

## Options of every command

They may stand before the command's name or anywhere behind it, up to a `--`.
With `run`, what is behind the script belongs to the script, as for `lua`; but where a `--` follows the script, options between the two are llmspell's, and those that nobody knows are refused.
Where a script is given what could be meant for llmspell, a note on stderr says so at a terminal, and elsewhere the log (`--trace info`); no note where `--` says whose it is.

"""

KERNELS = """
`state` and `session` work on the kernel of `--connect`, else on that of `--kernel`; else, where a configuration was named with `-c`, on none; else on the kernel that runs, if there is one; else on none.
Without a kernel they do the same in their own process, on what kernels of this user keep.
`run`, `exec`, `repl` and `debug` work on a kernel only where one is named.
`kernel status`, `stop` and `interrupt` take `--connect` and `--kernel` in the place of an ID; the other actions of `kernel` refuse what means nothing to them.
Where several run and none is named, they say so; `--kernel none` means none.
"""

ENDS = """
`run`, `exec` and `debug` end with the status that a script gives to `os.exit`.
In a kernel (`--connect`, `--kernel`), `os.exit` ends the kernel as well, and so what all its other clients do there; a script that only wants to end uses `return` or `error` on its main level.

Ctrl-C ends `run` and `exec` with `interrupted!` and the place where the script was.
No `pcall` of the script keeps that from it, but its variables are closed (`__close`) and its finalizers run.
What cannot hear of it (a coroutine, a function of C, what LuaJIT has compiled) ends a second later, without its place; a second press ends everything at once.
While `os.execute` waits for a command, Ctrl-C ends that command alone, as with `lua`.
With `--connect` or `--kernel` the first press ends the cell and the second leaves the kernel to it; no finalizers run, as the kernel lives on.
SIGTERM and SIGHUP (a terminal that is closed) do there what Ctrl-C does, with the status 143 and 129.
"""

SHAPES = """
## Results for programs

`--output json` writes a result as one line of JSON, `pretty` as JSON with indents (and colours, on terminals), `yaml` as YAML (extra `formats`), with `--stream` as one document for each piece behind a `---`.
A prompt (`repl`, and `debug` without `--list`) writes text and refuses other forms; `dap` and `lsp` speak their protocols whatever is said.
Errors are text on stderr, whatever the format; a script that failed has a result nevertheless.
What `dap`, `lsp` and `debug` write belongs to their clients and scripts.
Of `run` and `exec`, `output` is what was printed and `values` what was returned; `result` has both as lines.
They are the same in a kernel; one that is not ours gives what it shows of a result instead, as one value.
Fields may be added, and none goes or changes its type without a note in the changelog.

"""


def commands_page() -> str:
    """The whole page."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    yield mark("the commands' own help")
    yield INTRODUCTION
    rows = [
        [f"`{', '.join(option.names)} {option.metavar}`", option.help, ", ".join(option.choices)]
        for option in GLOBAL_OPTIONS.values()
    ]
    yield table(["option", "meaning", "values"], rows)
    yield KERNELS
    yield "\n## Exit status\n\n"
    yield table(["status", "meaning"], [[str(each), text] for each, text in EXIT_STATUSES.items()])
    yield ENDS
    yield "\n## Environment\n\n"
    yield table(["variable", "meaning"], [[f"`{name}`", text] for name, text in VARIABLES.items()])
    yield "\nThose of the configuration are in [its reference](configuration.md#variables).\n"
    yield SHAPES
    shapes = [[f"`{name}`", f"`{shape}`"] for name, shape in RESULTS.items()]
    yield table(["command", "result"], shapes)
    for name, command in COMMANDS.items():
        yield f"\n## llmspell {name}\n\n{command.summary}\n\n```text\n{_help(name)}```\n"
        for words, _ in [*parsers(name)][1:]:
            yield f"\n### llmspell {' '.join(words)}\n\n```text\n{_help(*words)}```\n"


def _help(*words: str) -> str:
    said = io.StringIO()
    with patch.dict(os.environ, COLUMNS="100", NO_COLOR="1"), redirect_stdout(said):
        main([*words, "--help"])
    return said.getvalue()
