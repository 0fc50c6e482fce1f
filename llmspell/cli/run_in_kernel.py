"""Scripts and code in a kernel that runs already: ``run`` and ``exec`` with ``--connect``."""

import contextlib
import sys
from pathlib import Path
from typing import Any

from kernel.api import connect_to_kernel
from kernel.core.errors import UserError
from kernel.core.loop import EventLoop
from kernel.execution.cells import SessionType
from kernel.execution.engine import Call, ScriptError
from kernel.jupyter.handle import Execution
from kernel.jupyter.messages import Message
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.hidden_typing import hidden_typing
from llmspell.cli.kernel_signals import interrupting
from llmspell.cli.reaching import address_of, kernel_key
from llmspell.cli.results import Results
from llmspell.cli.run import Words
from llmspell.cli.run_result import result_document
from llmspell.cli.stdin_line import stdin_line
from llmspell.cli.stop_notice import telling_stops
from llmspell.kernel_description import check_runs


def run_in_kernel(words: Words, options: GlobalOptions) -> int:
    """Run the code in a cell of the kernel; its exit status, 1 after an error, 130 after Ctrl-C.

    The script finds its words in `...`, `arg` and `ARGS`.
    Raises `UserError` where nobody answers, or the script cannot be read.
    """
    code = _code(words)
    return EventLoop().run(lambda: _run(words, options, code))


async def _run(words: Words, options: GlobalOptions, code: str) -> int:
    results = Results(options.output, are_many=words.is_streaming)
    connecting = connect_to_kernel(address_of(options), key=kernel_key())
    async with await connecting as kernel, telling_stops(kernel):
        if words.lua:
            check_runs(kernel.language, words.lua)
        kind = SessionType.SCRIPT if words.code is None else SessionType.EXEC
        with interrupting(kernel) as interrupts:
            done = await kernel.execute(
                code,
                hear=lambda message: _hear(message, words, results),
                answer_input=_answer,
                session_type=kind,
                path=str(Path(words.script).absolute()) if words.code is None else None,
                arguments=words.args,
                call=Call(words.script, words.before),
                tells_values=not results.is_text,
            )
    if results.is_text:
        return _tell_error(done, interrupts.status)
    status = _status(done, interrupts.status)
    error = _explained(done.error)
    values = _values(done)
    results.show(result_document(words, "connected", status, done.stdout, values, error), "")
    if error:
        sys.stderr.write(f"llmspell: {error}\n")
    return status


def _values(done: Execution) -> list[Any]:
    """What the code returned; of a kernel that does not tell it, what it shows instead."""
    if done.values is not None:
        return done.values
    data = {} if done.result is None else done.result.data
    return [data.get("application/json", data.get("text/plain"))] if data else []


def _explained(error: ScriptError | None) -> str:
    """With its traceback, as it is told of a script that runs here."""
    return "" if error is None else "\n".join(error.traceback) or error.message


def _code(words: Words) -> str:
    if words.code is not None:
        return words.code
    if words.script == "-":
        return sys.stdin.read()
    try:
        text = Path(words.script).read_text("utf-8")
    except FileNotFoundError:
        raise UserError(f"Script file not found: {words.script}") from None
    except OSError as error:
        raise UserError(f"cannot open {words.script}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{words.script} is no text in UTF-8; a kernel takes no other.") from None
    return f"--{text}" if text.startswith("#") else text


def _hear(message: Message, words: Words, results: Results) -> None:
    """Pass on what the script writes and shows, as it comes."""
    content = message.content
    if message.type == "stream":
        if content["name"] == "stderr":
            sys.stderr.write(content["text"])
            sys.stderr.flush()
        elif results.is_text:
            sys.stdout.write(content["text"])
            sys.stdout.flush()
        elif words.is_streaming:
            results.show({"stream": "stdout", "text": content["text"]}, "")
    elif message.type == "display_data" and results.is_text:
        sys.stdout.write(str(content["data"].get("text/plain", "")) + "\n")
        sys.stdout.flush()


async def _answer(prompt: str, is_secret: bool) -> str | None:
    """A line of standard input for a script that asks."""
    with hidden_typing() if is_secret else contextlib.nullcontext():
        if prompt:
            sys.stderr.write(prompt)
            sys.stderr.flush()
        line = await stdin_line()
    return line.removesuffix("\n") if line else None


def _status(done: Execution, interrupted: int | None) -> int:
    if done.error is None and done.status == "ok":
        return done.exit_code or 0
    return interrupted or 1


def _tell_error(done: Execution, interrupted: int | None) -> int:
    if done.error is not None:
        sys.stderr.write(f"llmspell: {_explained(done.error)}\n")
    elif done.status == "aborted":
        sys.stderr.write("llmspell: the kernel did not run it, as a cell before it failed\n")
    return _status(done, interrupted)
