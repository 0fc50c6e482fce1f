"""``llmspell repl``: a prompt for Lua, with a debugger."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser
from llmspell.cli.run import check_engine, engine_option

if TYPE_CHECKING:
    from argparse import Namespace

    from llmspell.repl import ReplChoice

TITLE = "LLMSpell Interactive REPL"


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell repl",
        description="A prompt for Lua: runs what is typed, and debugs it. The exit status is that "
        "of .exit or os.exit; input from a pipe gives 1 where a line failed.",
        examples=(
            "llmspell repl  # a prompt for Lua 5.4",
            "llmspell repl --lua luajit  # with another Lua",
            "llmspell repl --connect lab  # at the kernel lab, beside its other clients",
            "echo 'print(1 + 1)' | llmspell repl  # lines of a pipe, one after the other",
        ),
    )
    add_options(parser)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Read and run until somebody leaves; the exit status. Raises `UserError`."""
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    refuse_forms(parser, options)
    check_engine(chosen.engine)
    from kernel.repl.settings import ReplSettings
    from llmspell.repl import run_repl

    return run_repl(choice_of(chosen, options), ReplSettings(title=TITLE))


def add_options(parser: CliParser) -> None:
    """Those of the terminal and of the kernel behind it."""
    parser.add_argument("--lua", default="", metavar="VERSION", help="5.1 … 5.5, luajit (5.4)")
    engine_option(parser)
    parser.add_argument(
        "--history", type=Path, metavar="PATH", help="where the history is kept (with the kernels')"
    )
    parser.add_argument(
        "--libraries",
        choices=("full", "closed"),
        help="closed: code reaches nothing of the process but what it is given (full, unless "
        "engines.lua.stdlib says otherwise)",
    )
    parser.add_argument(
        "--simple", action="store_true", help="plain lines, without editing and colours"
    )
    parser.add_argument(
        "--no-pager", action="store_true", help="write what is longer than the screen as it is"
    )
    parser.add_argument("--vi", action="store_true", help="edit with the keys of vi")


def refuse_forms(parser: CliParser, options: GlobalOptions) -> None:
    """A prompt writes text, whatever form results shall have; ends the process for another."""
    if options.output != "text":
        parser.error(
            f"a prompt writes text, so there is no --output {options.output}; `llmspell exec` and "
            "`llmspell run` write what code gives in that form"
        )


def choice_of(chosen: "Namespace", options: GlobalOptions) -> "ReplChoice":
    """The options as `llmspell.repl` takes them; raises `UserError`."""
    from llmspell.cli.reaching import address_of, kernel_key, names_kernel
    from llmspell.config.lua_choice import configured_lua
    from llmspell.repl import ReplChoice

    is_elsewhere = names_kernel(options)
    return ReplChoice(
        lua=chosen.lua or ("" if is_elsewhere else configured_lua()),
        connect=address_of(options) if is_elsewhere else None,
        key=kernel_key(),
        name=options.connect or options.kernel or "embedded",
        history=chosen.history,
        libraries=chosen.libraries,
        is_simple=chosen.simple,
        is_vi=chosen.vi,
        has_pager=not chosen.no_pager,
    )
