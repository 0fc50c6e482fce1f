"""The reference of the REPL: every command, from the table that it is carried out by."""

from kernel.repl.commands import all_commands
from kernel.repl.states import State
from kernel.repl.table import Command, Group
from tools.pages.markdown import mark, table

INTRODUCTION = """
# The prompt: commands and keys

`llmspell repl` and `llmspell debug SCRIPT` read lines of code and commands.
[Use the terminal](../how-to/repl.md) shows them at work.

## What a line means

- A line that begins with a dot is a command: `.help`.
  So is one that begins with `db:` or `debug:`.
- While the program stands in the debugger, or runs, the word of a debug command is enough: `next`.
  A line that can only be code stays code: `n = 3`, `print(x)`.
- `!CODE` and `.eval CODE` are always code, also where the line begins like a command: `n + 1` is refused as a step, `!n + 1` is a value.
- All else is code: a cell at the idle prompt, an expression or statement in the frame at a stop.
  The word of a debug command alone is a hint at the idle prompt where no variable has the name, and `q` leaves.
- The beginning of a command's name is enough where it is clear.
  At a stop also without the dot, where no variable has that name and it can be no code: `loca`.
- `.?` lists the commands.
- An empty line at a stop does the last step, `list`, `up` or `down` again.

Where gdb and pdb have the same short form for different things, gdb's counts: `u` is `until`, `d` is `delete`, `r` is `run`.
`trace` (croissant's) and `return` (pdb's) are commands only at a stop and with nothing behind them: `.trace` shows messages, and `return x` is code.
pdb's `!CODE`, `ll`, `rv`, `restart`, gdb's `silent` before a breakpoint's commands, `set var x = 3`, `set print elements 20`, `info …` and `shop.lua:total`, and croissant's `depth` are understood.

## Places

```text
{forms}
```

"""

KEYS = (
    ("Enter", "takes code that is whole; otherwise begins another line, indented"),
    ("Alt-Enter, or Enter on two empty lines", "takes what is there, whole or not"),
    ("Tab", "completes; at the beginning of a later line it indents"),
    (
        "F1",
        "explains what stands at the cursor, in a popup that goes with the next key; long texts go above the prompt",
    ),
    (
        "Up, Down",
        "what was typed before, also in earlier sessions, and what the kernel has run; behind the beginning of a line, what begins so",
    ),
    ("Ctrl-R", "searches in it"),
    ("Right, at the end", "takes the suggestion"),
    ("Ctrl-X Ctrl-E", "opens the text in `$EDITOR`"),
    (
        "Ctrl-C",
        "clears the line and leaves a search; while a cell runs, interrupts it; at the second press, kills it; "
        "at a stop, ends what is evaluated there",
    ),
    ("Ctrl-D", "leaves"),
)

ENDING = """
`--vi` edits with the keys of vi.

## The pager

A result, a value, a list or a help text that is longer than the screen goes through `$PAGER`, or `less -R`.
What a program prints does not.
`--no-pager` and `.pager off` write all of it.

## What is remembered

All that is typed at a prompt that edits (not at a plain one, nor in pipes), commands too, in its order, in a file of yours (`history-typed.sqlite`, beside the `history.sqlite` of the kernels).
It is yours at every kernel.
The kernel's own history holds the cells of all its clients; `.history` shows that.
What begins with a space is remembered by neither, as in shells, and such a cell has no number.
`.clear-history` forgets both.

## Without a terminal

Lines of a pipe are carried out one after the other, without prompts, colours or a pager.
The next line is read when the program has ended or stands in the debugger.
A line that the program reads (`io.read`) is the next one of the same input.
Where the input ends while the program stands, it goes on to its end without stops.
At a terminal, Ctrl-D ends a program that stands.

## Exit status

| status | |
| --- | --- |
| N | of `.exit N`, and of `os.exit(N)` in a line or a script |
| 1 | a line of a pipe failed, whatever it was; or there is no such kernel, or it has ended |
| 2 | the command line makes no sense |
| 0 | otherwise |
"""


def repl_page() -> str:
    """The whole page."""
    commands = all_commands().commands
    forms = next(each.more for each in commands if each.name == "break")
    parts = [mark("kernel/repl"), INTRODUCTION.format(forms=forms)]
    for group in Group:
        rows = [_row(each) for each in commands if each.group is group]
        parts.append(f"## {group.value}\n\n")
        parts.append(table(("command", "short", "", "while the program is"), rows) + "\n")
    parts.append("## Keys\n\n" + table(("key", ""), KEYS))
    return "".join([*parts, ENDING])


def _row(it: Command) -> tuple[str, str, str, str]:
    when = "" if it.when == frozenset(State) else ", ".join(sorted(it.when))
    short = ", ".join(
        [*(f"`{name}`" for name in it.short), *(f"`{name}` alone" for name in it.alone)]
    )
    dot = "" if it.is_debug else "."
    return f"`{dot}{it.name} {it.arguments}".rstrip() + "`", short, it.help, when
