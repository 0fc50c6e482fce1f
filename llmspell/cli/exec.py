"""``llmspell exec``: code that stands on the command line."""

import os
import sys
from collections.abc import Sequence

from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser
from llmspell.cli.run import (
    COMMAND_LINE,
    Words,
    carry_out,
    check_engine,
    lua_option,
    stream_option,
)


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell exec",
        usage="llmspell exec [--lua VERSION] [--stream] CODE [-- ARGUMENT …]",
        description="Run some Lua code; it prints what it prints and nothing else, and its exit "
        "status is ours.",
        examples=(
            "llmspell exec 'print(1 + 1)'  # prints 2",
            "llmspell exec 'print(...)' -- a b  # prints a and b",
            "llmspell exec --output json 'return {1, 2}'  # what it returns, as an object",
            "llmspell exec --connect lab 'print(x)'  # in the kernel called lab",
            "llmspell exec - < code.lua  # from standard input",
        ),
    )
    parser.add_argument("code", metavar="CODE", help="what to run, or - for standard input")
    parser.add_argument(
        "arguments",
        metavar="ARGUMENT",
        nargs="*",
        default=(),
        help="what it finds in `...`, `arg` and `ARGS`",
    )
    lua_option(parser)
    stream_option(parser)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Run the code; its exit status."""
    words = list(arguments)
    place = words.index("--") if "--" in words else len(words)
    words, args = words[:place], words[place + 1 :]
    if not words and args:  # the code begins with a hyphen
        words = ["--", args.pop(0)]
    chosen = make_parser().parse_args(words)
    check_engine(chosen.engine)
    code = chosen.code
    if code == "-":
        code = os.fsdecode(sys.stdin.buffer.read())
    return carry_out(
        Words(
            script=COMMAND_LINE,
            args=(*chosen.arguments, *args),
            lua=chosen.lua,
            before=("llmspell", "exec"),
            is_streaming=chosen.stream,
            code=code,
        ),
        options,
    )
