"""The pager: what is longer than the screen is read by itself."""

import os
import re
import shlex
import subprocess

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def needs_pager(text: str, size: tuple[int, int]) -> bool:
    """Whether text has more lines than a screen of ``size`` (columns, lines)."""
    columns, lines = size
    height = 0
    for line in text.splitlines():
        height += max(1, -(-len(_ESCAPE.sub("", line)) // max(1, columns)))
        if height >= lines:
            return True
    return False


def show_in_pager(text: str) -> None:
    """Run ``$PAGER``, or ``less -R``; where there is none, write the text as it is."""
    command = shlex.split(os.environ.get("PAGER") or "less -R")
    env = {**os.environ, "LESS": os.environ.get("LESS", "-R")}
    try:
        subprocess.run(command, input=text, text=True, env=env, check=False)
    except OSError:
        os.write(1, text.encode("utf-8", "replace"))
