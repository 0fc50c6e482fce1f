"""A program at a real terminal: what is typed, and what stands on its screen."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

DEADLINE = 30.0
IDLE, STOPPED, RUNNING = "> ", "(debug) > ", "(running) > "


class TypedProgram:
    """A command at a pseudo-terminal; the escapes it writes are left out of what is compared."""

    def __init__(self, *words: str, cwd: Path, columns: int = 100, lines: int = 30) -> None:
        env = {
            **os.environ,
            "TERM": "xterm",
            "NO_COLOR": "1",
            "XDG_DATA_HOME": str(cwd / "data"),
        }
        self.child = pexpect.spawn(
            sys.executable,
            ["-P", "-m", "llmspell", *words],
            cwd=str(cwd),
            env=env,
            encoding="utf-8",
            timeout=DEADLINE,
            dimensions=(lines, columns),
        )
        self._screen = pyte.HistoryScreen(columns, lines, history=1000)
        self._screen.write_process_input = self.child.send  # where the cursor is, when asked
        self._stream = pyte.Stream(self._screen)
        self._seen = 0

    @property
    def screen(self) -> str:
        """What stands on the screen, and what has gone off its top, without trailing spaces."""
        above = ["".join(line[x].data for x in range(self._screen.columns)).rstrip()
                 for line in self._screen.history.top]  # fmt: skip
        return "\n".join([*above, *(line.rstrip() for line in self._screen.display)])

    @property
    def status_line(self) -> str:
        """The last line of the screen."""
        return self._screen.display[-1].strip()

    def until(self, text: str) -> None:
        """Wait until a text stands on the screen, behind what was waited for before."""
        self._wait(lambda: self._find(text), repr(text))

    def until_prompt(self, prompt: str) -> None:
        """Wait until the last line above the status line is an empty prompt."""

        def is_there() -> bool:
            lines = [line.rstrip() for line in self._screen.display[:-1] if line.strip()]
            return bool(lines) and lines[-1] == prompt.rstrip()

        self._wait(is_there, f"the prompt {prompt!r}")

    def until_line(self, line: str) -> None:
        """Wait until this is a line of the screen, wherever it stands."""
        self._wait(lambda: line in self.screen.split("\n"), f"the line {line!r}")

    def until_typed(self, line: str) -> None:
        """Wait until this stands at the idle prompt, whatever stood there before."""
        self.until_line(f"{IDLE}{line}")

    def until_status(self, text: str) -> None:
        """Wait until the status line says something."""
        self._wait(lambda: text in self.status_line, f"the status {text!r}")

    def _find(self, text: str) -> bool:
        place = self.screen.find(text, self._seen)
        if place < 0:
            return False
        self._seen = place + len(text)
        return True

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not is_so():
            assert time.monotonic() < end, f"{what} did not come; the screen:\n{self.screen}"
            try:
                self._stream.feed(self.child.read_nonblocking(65536, timeout=0.2))
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                assert is_so(), f"{what} did not come; at its end:\n{self.screen}"

    def type(self, line: str) -> None:
        """A line, and Enter."""
        self.child.send(f"{line}\r")

    def press(self, key: str) -> None:
        """A key, by its character."""
        self.child.send(key)

    def leave(self) -> int:
        """Ctrl-D; the exit status."""
        self.press("\x04")
        return self.end()

    def end(self) -> int:
        """Wait for the end; the exit status."""
        self.child.expect(pexpect.EOF)
        self._stream.feed(self.child.before)
        self.child.wait()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -1)

    def __enter__(self) -> "TypedProgram":
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)


CTRL_C, CTRL_R, TAB, ALT_ENTER, UP, F1 = "\x03", "\x12", "\t", "\x1b\r", "\x1b[A", "\x1bOP"
