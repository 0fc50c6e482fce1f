"""The result of a script as a document: it runs in a process of its own, whose output is read.

So what C libraries and children write is in it as well, and it is told whatever the script does to
its process, ``os.exit`` or worse.
"""

import codecs
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernel.core.script_values import as_json
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.results import Results
from llmspell.cli.run import COMMAND_LINE, Words, complained, run

_CHILD = """
import json, os, sys
from llmspell.cli.run_result import be_the_script
sys.exit(be_the_script(json.loads(sys.argv[1]), int(sys.argv[2])))
"""

_PIECE = 65_536


def run_for_result(words: Words, options: GlobalOptions) -> int:
    """Run a script and write what became of it, see `result_document`; the script's exit status."""
    results = Results(options.output, are_many=words.is_streaming)
    with tempfile.TemporaryFile() as told:
        packed = json.dumps(_packed(words))
        command = [sys.executable, "-P", "-c", _CHILD, packed, str(told.fileno())]
        descriptors = [told.fileno()]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE, pass_fds=descriptors) as child,
            _ignoring_interrupts(),  # the script is told as well, and ends or not
        ):
            output = "".join(_pieces(child, results if words.is_streaming else None))
            status = child.wait()
        told.seek(0)
        said = told.read()
    ended = json.loads(said) if said else {}
    status = status if status >= 0 else 128 - status
    results.show(
        result_document(
            words, "embedded", status, output, ended.get("values", []), ended.get("error", "")
        ),
        "",
    )
    return status


def result_document(
    words: Words, mode: str, status: int, output: str, values: list[Any], error: str = ""
) -> dict[str, Any]:
    """What became of a script, as docs/reference/commands.md describes it."""
    is_exec = words.script == COMMAND_LINE
    lines = [*output.splitlines(), *(json.dumps(each, ensure_ascii=False) for each in values)]
    word = "executed" if is_exec else "success"
    document: dict[str, Any] = {"status": word if status == 0 else "error", "mode": mode}
    if is_exec:
        document["code_length"] = len(words.code or "")
    else:
        document |= {
            "script": words.script,
            "script_length": _length(words),
            "args_count": len(words.args),
        }
    document |= {
        "streaming": words.is_streaming,
        "result": "\n".join(lines),
        "output": output,
        "values": values,
        "exit_code": status,
    }
    return document | ({"error": error} if error else {})


def be_the_script(packed: Mapping[str, Any], told: int) -> int:
    """Run the script in this process, and tell what it returned; its exit status."""
    os.set_inheritable(told, False)

    def tell(**what: Any) -> None:  # noqa: ANN401 - what JSON can say
        with open(told, "wb", closefd=False) as file:
            file.write(json.dumps(what).encode())

    def hear(values: list[Any]) -> None:
        tell(values=[as_json(each) for each in values])

    def complain(problem: str) -> int:
        tell(error=problem)
        return complained(problem)

    lists = {"args": tuple(packed["args"]), "before": tuple(packed["before"])}
    return run(Words(**{**packed, **lists}), hear, complain)


def _packed(words: Words) -> dict[str, Any]:
    names = ("script", "args", "lua", "before", "is_streaming", "code")
    return {name: getattr(words, name) for name in names}


def _pieces(child: "subprocess.Popen[bytes]", live: Results | None) -> Iterator[str]:
    """What the script writes, as it comes; a document for each piece where results are ``live``."""
    assert child.stdout is not None
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    while data := os.read(child.stdout.fileno(), _PIECE):
        text = decoder.decode(data)
        if text and live is not None:
            live.show({"stream": "stdout", "text": text}, "")
        yield text
    yield decoder.decode(b"", final=True)


@contextlib.contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _length(words: Words) -> int:
    with contextlib.suppress(OSError):
        return Path(words.script).stat().st_size
    return 0
