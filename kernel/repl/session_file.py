"""SessionFile: what ``.save`` writes and ``.load`` reads.

JSON: ``{"llmspell_repl": 1, "language", "working_dir", "variables", "unsaved", "history",
"breakpoints", "displays", "catch", "debug_context"}``; ``variables`` is in a form of the language's
own. ``debug_context`` says where the program stood, for people.
"""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel.repl.breakpoints import DATA, Breakpoint
from kernel.repl.language import Unsaved
from kernel.repl.table import BadCommand

FORMAT = 1

_FIELDS = ("kind", "where", "line", "label", "condition", "hit", "ignored", "log", "is_enabled",
           "is_temporary", "access", "commands")  # fmt: skip
"""What is kept of a breakpoint."""


@dataclass(frozen=True, slots=True)
class SessionFile:
    """One session as it is kept."""

    language: str
    working_dir: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    unsaved: Sequence[Unsaved] = ()
    history: Sequence[str] = ()
    breakpoints: Sequence[Mapping[str, Any]] = ()
    displays: Sequence[str] = ()
    catch: Mapping[str, str | None] = field(default_factory=dict)
    debug_context: Mapping[str, Any] | None = None

    def write(self, path: Path) -> None:
        """All or nothing; raises `BadCommand`."""
        said = {
            "llmspell_repl": FORMAT,
            "language": self.language,
            "working_dir": self.working_dir,
            "variables": self.variables,
            "unsaved": [{"name": it.name, "reason": it.reason} for it in self.unsaved],
            "history": list(self.history),
            "breakpoints": list(self.breakpoints),
            "displays": list(self.displays),
            "catch": dict(self.catch),
            "debug_context": self.debug_context,
        }
        text = json.dumps(said, indent=2, ensure_ascii=False) + "\n"
        try:
            number, part = tempfile.mkstemp(dir=path.parent or ".", prefix=f".{path.name}.")
            with os.fdopen(number, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(text)
            os.replace(part, path)
        except OSError as error:
            raise BadCommand(f"{path} cannot be written: {error.strerror}.") from error

    @classmethod
    def read(cls, path: Path) -> "SessionFile":
        """Raises `BadCommand` for what is none."""
        try:
            said = json.loads(path.read_text("utf-8", "surrogatepass"))
        except OSError as error:
            raise BadCommand(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise BadCommand(
                f"{path} is no session of .save ({error}); .source carries out lines of a file."
            ) from error
        if not isinstance(said, dict) or said.get("llmspell_repl") != FORMAT:
            raise BadCommand(f"{path} is no session of .save: it has no llmspell_repl = {FORMAT}.")
        return cls(
            _of(path, said, "language", str, ""),
            _of(path, said, "working_dir", str, ""),
            _of(path, said, "variables", dict, {}),
            (),
            _of(path, said, "history", list, []),
            _of(path, said, "breakpoints", list, []),
            _of(path, said, "displays", list, []),
            _of(path, said, "catch", dict, {}),
            said.get("debug_context"),
        )


def kept(breakpoint_: Breakpoint) -> dict[str, Any]:
    """A breakpoint as JSON."""
    return {name: getattr(breakpoint_, name) for name in _FIELDS}


def can_return(said: Mapping[str, Any]) -> bool:
    """Whether a breakpoint that was kept means something in another run of the program.

    A watch of a local or of a field does not: its frame and its table are gone.
    """
    return said.get("kind") != DATA or str(said.get("where", "")).startswith("global:")


def terms_of(path: Path, said: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Kind, place and the rest of a breakpoint that was kept; raises `BadCommand`."""
    if not isinstance(said, dict) or not {"kind", "where"} <= said.keys() <= set(_FIELDS):
        raise BadCommand(f"{path}: {said!r:.80} is no breakpoint of .save.")
    more = {name: value for name, value in said.items() if name not in ("kind", "where")}
    return str(said["kind"]), str(said["where"]), more


def _of(path: Path, said: Mapping[str, Any], name: str, kind: type, default: Any) -> Any:  # noqa: ANN401
    value = said.get(name, default)
    if not isinstance(value, kind):
        raise BadCommand(f"{path}: {name} is {value!r:.60}; it must be a {kind.__name__}.")
    return value
