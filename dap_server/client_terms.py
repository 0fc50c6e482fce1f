"""On whose terms we talk: what the client said of itself in ``initialize``."""

from dataclasses import dataclass, field
from pathlib import PurePath, PureWindowsPath
from urllib.parse import unquote, urlsplit

from dap_server.protocol import generated as dap


@dataclass(frozen=True, slots=True)
class ClientTerms:
    """How the client counts, spells paths, and what it can do; defaults are the specification's."""

    said: dap.InitializeRequestArguments = field(
        default_factory=lambda: dap.InitializeRequestArguments(adapter_id="")
    )

    @property
    def first_line(self) -> int:
        """What the client calls the first line."""
        return 0 if self.said.lines_start_at1 is False else 1

    @property
    def first_column(self) -> int:
        """What the client calls the first column."""
        return 0 if self.said.columns_start_at1 is False else 1

    def line_in(self, line: int) -> int:
        """A line of the client, counted from 1."""
        return line - self.first_line + 1

    def line_out(self, line: int) -> int:
        """A line counted from 1 as the client counts; 0, which is no line, stays 0."""
        return max(0, line - 1 + self.first_line)

    def column_in(self, column: int) -> int:
        """A column of the client, counted from 1."""
        return column - self.first_column + 1

    def column_out(self, column: int) -> int:
        """A column counted from 1 as the client counts; 0, which is no column, stays 0."""
        return max(0, column - 1 + self.first_column)

    def path_in(self, path: str) -> str:
        """A path, whether the client wrote a path or a ``file:`` URI."""
        if not path.lower().startswith("file://"):
            return path
        parts = urlsplit(path)
        plain = unquote(parts.path)
        if len(plain) > 2 and plain[0] == "/" and plain[2] == ":":
            return str(PureWindowsPath(plain[1:]))
        return plain

    def path_out(self, path: str) -> str:
        """A path as the client writes it; what is not absolute cannot be a URI and stays."""
        if self.said.path_format != "uri":
            return path
        pure = PureWindowsPath(path) if path[1:2] == ":" else PurePath(path)
        return pure.as_uri() if pure.is_absolute() else path
