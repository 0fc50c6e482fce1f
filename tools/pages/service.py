"""The reference of kernels as services: what the code says of options, signals, files and orders."""

import argparse
import ast
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import fields

from kernel.service.health import Health
from kernel.service.hub import ACTIONS
from kernel.service.orders import Create, SendSignal, Stop
from kernel.service.records import KernelRecord
from kernel.service.signals import SIGNALS
from kernel.service.statistics import Figures
from llmspell.cli.kernel_service import add_service_options
from llmspell.cli.kernel_status import NO_ANSWER, NOT_RUNNING
from tools.pages.markdown import mark, table

INTRODUCTION = """
# Kernels as services

How to use all this says [Run as a service](../how-to/run-as-a-service.md), and with Jupyter's servers [Scale out](../how-to/scale-out.md).
"""

FILES = """
## Files

| file | what it is |
| --- | --- |
| `$XDG_RUNTIME_DIR/llmspell/kernels/ID.json` | the record of a kernel; the kernel holds a lock on it (`flock`) as long as it lives |
| `$XDG_RUNTIME_DIR/llmspell/kernels/ID.pid` | its process id, with `--daemon`; `--pid-file` puts it elsewhere |
| `$XDG_RUNTIME_DIR/llmspell/hub.sock` | where the hub listens |
| `$XDG_RUNTIME_DIR/llmspell/hub/hub.json` | the record of the hub, locked as well |
| Jupyter's runtime folder, `kernel-ID.json` | the connection file; `jupyter --runtime-dir` says where |
| `$XDG_STATE_HOME/llmspell/log/kernel-ID.log` | the log of a kernel in the background, with `.1`, `.2` … for the older ones |
| `$XDG_DATA_HOME/llmspell/history.sqlite` | what was run, of all kernels |

Without `XDG_RUNTIME_DIR` (or where that folder is not the user's own with mode 0700), `/run/user/UID` is taken, or else a folder in the temporary directory.

A record without its lock tells of a kernel that ended without a word.
Whoever sees one takes its connection file, sockets and pid file away and writes down why it ended; the record stays for a week, or until a kernel of that name is started or stopped.
"""

STATUS = f"""
## Exit status

`llmspell kernel status` ends with 0 if the kernel runs, with {NOT_RUNNING} if it does not, and with {NO_ANSWER} if it runs and does not say how it is.
`llmspell kernel serve --status` ends with 0 or {NOT_RUNNING} in the same way.
"""


def service_page() -> str:
    """The whole page."""
    return "".join(
        [
            mark("the code"),
            INTRODUCTION,
            "\n## Options of llmspell kernel start\n\n",
            _table(("option", "what it does"), _options()),
            "\nThe defaults are in parentheses, or it is not done.\n",
            "\n## Signals\n\n",
            _table(
                ("signal", "what it does"),
                ((f"`{number.name}`", each.summary) for number, each in SIGNALS.items()),
            ),
            FILES,
            "\n## The record of a kernel\n\n",
            "`llmspell kernel list --json` writes an array of these objects; `running` (whether it "
            "does)\nand `why` (it does not) are added to each.\n\n",
            _fields(KernelRecord),
            "\n## Health\n\n",
            "`llmspell kernel status ID --json` has it under `health`; it is null for a kernel that"
            "\ndoes not run or does not answer, and `problem` says why. Clients ask for it by the "
            "message\n`health_request` on the control channel, which is answered also while a cell"
            " runs.\n\n",
            _fields(Health),
            "\n`figures` holds:\n\n",
            _fields(Figures),
            STATUS,
            "\n## What a hub is asked\n\n",
            "Each request is a line of JSON on the hub's socket, `action` and `id` (which comes "
            "back\nwith the answer) and the arguments in one object: "
            '`{"id": 1, "action": "stop", "kernel": "one"}`.\n'
            'An answer is `{"id": 1, "ok": true, "result": {…}}` or '
            '`{"id": 1, "ok": false, "error": "…"}`.\n\n',
            _table(
                ("action", "arguments", "what it does"),
                (
                    (
                        f"`{name}`",
                        ", ".join(f"`{each.name}`" for each in fields(kind)),
                        _first_line(function),
                    )
                    for name, (kind, function) in ACTIONS.items()
                ),
            ),
            "\nThe result describes a kernel: its record, with `running`, `exit_status` and `how` "
            "(it ended);\nthat of `list` has `kernels`.\n",
            *(f"\nArguments of `{name}`:\n\n{_fields(kind)}" for name, kind in _ORDERS.items()),
        ]
    )


_ORDERS = {"create": Create, "stop": Stop, "signal": SendSignal}


def _options() -> Iterator[tuple[str, str]]:
    parser = argparse.ArgumentParser(add_help=False)
    add_service_options(parser)
    for action in parser._actions:
        names = ", ".join(f"`{name}`" for name in action.option_strings)
        value = str(action.metavar or "|".join(action.choices or ())) if action.nargs != 0 else ""
        yield f"{names} {value}".strip(), action.help or ""


def _fields(kind: type) -> str:
    said = dict(_docstrings(kind))
    rows = ((f"`{each.name}`", said.get(each.name, "")) for each in fields(kind))
    return _table(("field", "what it is"), rows)


def _docstrings(kind: type) -> Iterator[tuple[str, str]]:
    """What stands below each field of a class."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(body, ast.ClassDef)
    for field, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr):
            assert isinstance(field.target, ast.Name)
            yield (
                field.target.id,
                inspect.cleandoc(ast.literal_eval(after.value)).replace("``", "`"),
            )


def _first_line(function: object) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return table(heads, [[cell.replace("\n", " ") for cell in row] for row in rows])
