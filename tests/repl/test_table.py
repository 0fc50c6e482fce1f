"""Which line is a command, and which is code."""

import pytest

from kernel.repl.commands import all_commands
from kernel.repl.states import State
from kernel.repl.table import BadCommand

TABLE = all_commands()

BARE = {
    "n": "next",
    "next": "next",
    "next 3": "next",
    "print x": "print",
    "p (x)": "print",
    'print "x"': "print",
    "print/x 255": "print",
    "n == 5": "next",
    "bt": "where",
    "b script.lua:3 if n == 1": "break",
    "?string.format": "whatis",
    "q": "exit",
    "trace": "where",
    "return": "finish",
    "ll": "longlist",
    "rv": "retval",
    "j 3": "jump",
    "?": "help",
    ".?": "help",
    ".?string": "whatis",
}

CODE = (
    "n = 3", "n.x = 3", "print(x)", "p{1}", "s:upper()", "n , m = 1, 2", "nexus 1", "x", "history",
    "return x", "trace(1)", "trace 1", "j = 1", "for i = 1, 2 do end", "!n", "ls", "1 + 1",
)  # fmt: skip


@pytest.mark.parametrize(("line", "name"), BARE.items())
def test_bare_words_are_commands_where_the_program_stands(line, name):
    """A word of a debug command needs no dot, unless the line could only be code."""
    call = TABLE.parse(line, State.STOPPED)
    assert call is not None
    assert name == call.command.name


@pytest.mark.parametrize("line", CODE)
def test_code_stays_code(line):
    """Assignments, calls and words of no debug command are code, also at a stop."""
    assert TABLE.parse(line, State.STOPPED) is None


@pytest.mark.parametrize("line", [it for it in [*BARE, *CODE] if not it.startswith(".")])
def test_all_is_code_while_nothing_runs(line):
    """Without a dot nothing is taken for a command at the idle prompt."""
    assert TABLE.parse(line, State.IDLE) is None


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("prefix", [".", "db:", "debug:", " .", "db: "])
def test_prefixes_make_commands(prefix, state):
    """A dot, db: and debug: do, in every state, with the arguments as they were typed."""
    call = TABLE.parse(f"{prefix}break  a.lua:3 if x  ", state)
    assert call is not None
    assert ("break", "a.lua:3 if x") == (call.command.name, call.arguments)


@pytest.mark.parametrize(("word", "meant"), [("brek", ".break"), ("hlep", ".help")])
def test_unknown_words_say_what_was_meant(word, meant):
    """A word like a command's is answered with that command."""
    with pytest.raises(BadCommand, match=f"Did you mean .*\\{meant}"):
        TABLE.parse(f".{word}", State.IDLE)


def test_unclear_beginnings_say_what_they_may_be():
    """Of several names, all."""
    with pytest.raises(BadCommand, match=r"\.brea may be \.break or \.breakpoints\."):
        TABLE.find("brea")


def test_clear_beginnings_are_enough():
    """The beginning of one name only stands for it."""
    assert "undisplay" == TABLE.find("undisp").name
    with pytest.raises(BadCommand):
        TABLE.find("unw-")


@pytest.mark.parametrize("command", TABLE.commands, ids=lambda it: it.name)
def test_every_command_is_explained(command):
    """Each has a sentence, and is legal at some time."""
    assert (".", True) == (command.help[-1].replace("`", "."), bool(command.when))
