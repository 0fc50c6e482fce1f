"""The REPL in tmux, at two sizes: whole screens, as they are shown in the documentation.

The screens lie in docs/recorded; what is seen now goes to var/screens, to be looked at and, where
it is right, copied over them.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 30.0

PROGRAM = """\
local function total(items)
  local sum = 0
  for _, item in ipairs(items) do
    sum = sum + item.price * item.count
  end
  return sum
end

local cart = { { price = 3, count = 2 }, { price = 10, count = 1 } }
print("total", total(cart))
"""

STEPS = (
    ("cart = { tea = 3, cups = { 2, 4 } }", "> "),
    ("return cart, #cart.cups", "{cups = {2, 4}, tea = 3}, 2"),
    ("for i = 1, 2 do", "..."),
    ("print('cup ' .. i)", "..."),
    ("end", "cup 2"),
    (".break shop.lua:4 if item.count == 1", "Breakpoint 1"),
    (".run shop.lua", "(debug) > "),
    ("where", "main chunk at shop.lua:10"),
    ("p item", "{count = 1, price = 10}"),
    ("finish", "Returned 16"),
)
"""What is typed, and what is waited for."""


class Screen:
    """A terminal of tmux with a server of its own, which ends with it."""

    def __init__(self, columns: int, lines: int, folder: Path) -> None:
        self._server = f"llmspell-{os.getpid()}-{columns}"
        env = {**os.environ, "XDG_DATA_HOME": str(folder / "data")}
        env.pop("TMUX", None)
        env.pop("NO_COLOR", None)
        command = f"exec {sys.executable} -P -m llmspell repl"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines),
                   "-c", str(folder), command, env=env)  # fmt: skip

    def _tmux(self, *words: str, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._server, *words],
            env=env, capture_output=True, text=True, timeout=DEADLINE, check=True,
        )  # fmt: skip
        return done.stdout

    def type(self, line: str) -> None:
        """A line and Enter."""
        self._tmux("send-keys", "-l", "--", line)
        self._tmux("send-keys", "Enter")

    def press(self, key: str) -> None:
        """A key, by tmux's name."""
        self._tmux("send-keys", key)

    def text(self, *, has_colours: bool = False) -> str:
        """What stands on it."""
        return self._tmux("capture-pane", "-p", *(["-e"] if has_colours else []))

    def until(self, text: str) -> None:
        """Wait until a text stands in the lower part of what was written."""
        end = time.monotonic() + DEADLINE
        while text.rstrip() not in self.text():
            assert time.monotonic() < end, f"{text!r} did not come:\n{self.text()}"
            subprocess.run(["sleep", "0.05"], check=True)

    def until_prompt(self, prompt: str) -> None:
        """Wait until the last line above the status line is this prompt, and empty."""
        end = time.monotonic() + DEADLINE
        while True:
            lines = [line.rstrip() for line in self.text().splitlines() if line.strip()][:-1]
            if lines and lines[-1] == prompt.rstrip():
                return
            assert time.monotonic() < end, f"{prompt!r} did not come:\n{self.text()}"
            subprocess.run(["sleep", "0.05"], check=True)

    def close(self) -> None:
        """End the server."""
        subprocess.run(["tmux", "-L", self._server, "kill-server"], check=False)


@pytest.fixture(params=[(80, 24), (120, 40)], ids=lambda it: f"{it[0]}x{it[1]}")
def sized(request, tmp_path):
    if shutil.which("tmux") is None:
        pytest.skip("SKIPPED: tmux is not installed; `make test-system` installs it where it may")
    (tmp_path / "shop.lua").write_text(PROGRAM)
    screen = Screen(*request.param, tmp_path)
    yield screen, request.param
    screen.close()


def test_the_recorded_session(sized):
    """What the documentation shows is what is on the screen, at both sizes."""
    screen, (columns, lines) = sized
    screen.until("Type .help")
    screen.until_prompt("> ")
    for line, wanted in STEPS:
        screen.type(line)
        screen.until(line)
        screen.until(wanted)
        screen.until_prompt("..." if wanted == "..." else _prompt(line))
    name = f"repl-{columns}x{lines}.txt"
    seen = "\n".join(line.rstrip() for line in screen.text().splitlines()) + "\n"
    kept = ROOT / "var" / "screens" / name
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(seen)
    assert (ROOT / "docs" / "recorded" / name).read_text() == seen


def test_colours_and_the_menu(sized):
    """Code, values and the status have colours; Tab opens a menu with signatures."""
    screen, _ = sized
    screen.until_prompt("> ")
    screen.type("local n = 'text' print(n)")
    screen.until("\ntext")
    screen.press("C-l")
    screen.type("return 1, 'one'")
    screen.until('1, "one"')
    coloured = screen.text(has_colours=True)
    assert (True, True) == ("\x1b[36m1" in coloured, "\x1b[1m" in coloured)
    screen._tmux("send-keys", "-l", "--", "string.re")
    screen.press("Tab")
    screen.until("reverse(s: string): string")


def _prompt(line: str) -> str:
    return "(debug) > " if line in (".run shop.lua", "where", "p item", "finish") else "> "
