"""What a Lua text consists of: its functions, statements and calls, with their places."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from tree_sitter import Node

from lua_debug.syntax.calls import calls_in, statements_at
from lua_debug.syntax.flow import points_of
from lua_debug.syntax.function_names import name_of
from lua_debug.syntax.grammar import FUNCTIONS, Syntax, first_line, last_line, syntax_of
from lua_debug.syntax.source_text import SourceText

_LABEL_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the text. Lines and (byte) columns count from 1; ends are exclusive.

    ``name`` is what the text calls it: ``f``, ``M.f``, ``Class:method``, or None.
    """

    name: str | None
    parameters: tuple[str, ...]
    line: int
    column: int
    last_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Where a statement, the condition of an ``elseif`` or ``until``, or a function's end begins.

    ``function_line`` is the first line of the function it belongs to, 0 for the main chunk.
    """

    line: int
    column: int
    function_line: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call in the text: the place of the whole call expression, and how it reads.

    ``function_line`` is as in `Statement`; ``name`` is what Lua calls the function (lua_Debug's
    ``name``): the last word before the arguments, None if that is none. ``end`` is the byte offset
    behind the expression. ``statement`` has the first and the last line of the statement, or of the
    condition or the like, that makes the call.
    """

    label: str
    line: int
    column: int
    end_line: int
    end_column: int
    function_line: int
    name: str | None
    end: int
    statement: tuple[int, int]


class Outline:
    """A text's parts. With ``has_error``, what could not be parsed is missing from them."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.has_error = syntax.has_error

    @property
    def source(self) -> SourceText:
        """The text, for lines and columns."""
        return self.syntax.source

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """All functions in the order of the text, outer ones before inner ones."""
        return tuple(self._function(node) for node in self.syntax.functions)

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Where each statement that does something begins, in the order of the text."""
        found = {
            point.start: self._statement(point.start, function)
            for function in (self.syntax.root, *self.syntax.functions)
            for point in points_of(function)
            if point.start is not None and not point.minor
        }
        return tuple(found[start] for start in sorted(found))

    def calls_at(self, line: int) -> tuple[Call, ...]:
        """The calls of the statements that begin on a line or reach it, as they are evaluated.

        Several functions may have a statement there: ``function_line`` tells which call is whose.
        """
        return tuple(
            self._call(node, statement)
            for statement in statements_at(self.syntax, line)
            for node in calls_in(statement)
        )

    def _function(self, node: Node) -> Function:
        line, column = self.source.position(node.start_byte)
        parameters = node.child_by_field_name("parameters")
        names = [] if parameters is None else parameters.named_children
        end_line, end_column = self.source.position(node.end_byte)
        return Function(
            name=name_of(node),
            parameters=tuple(self._text(name) for name in names if name.type != "comment"),
            line=line,
            column=column,
            last_line=end_line,
            end_column=end_column,
        )

    def _statement(self, start: int, function: Node) -> Statement:
        line, column = self.source.position(start)
        return Statement(line, column, _function_line(function))

    def _call(self, node: Node, statement: Node) -> Call:
        line, column = self.source.position(node.start_byte)
        end_line, end_column = self.source.position(node.end_byte)
        label = self._text(node)
        if len(label) > _LABEL_LENGTH:
            label = label[: _LABEL_LENGTH - 1] + "…"
        return Call(
            label,
            line,
            column,
            end_line,
            end_column,
            _function_line(_owner(node)),
            self._callee(node),
            node.end_byte,
            (first_line(statement), last_line(statement)),
        )

    def _callee(self, node: Node) -> str | None:
        called = node.child_by_field_name("name")
        if called is None:
            return None
        if called.type == "identifier":
            return self._text(called)
        last = called.child_by_field_name("method") or called.child_by_field_name("field")
        return self._text(last) if last is not None and last.type == "identifier" else None

    def _text(self, node: Node) -> str:
        raw = self.source.raw[node.start_byte : node.end_byte]
        return " ".join(raw.decode("utf-8", "backslashreplace").split())


def parse(text: bytes) -> Outline:
    """The outline of a text; texts met before are remembered."""
    return _outline(syntax_of(text))


@lru_cache(maxsize=32)
def _outline(syntax: Syntax) -> Outline:
    return Outline(syntax)


def _owner(node: Node) -> Node | None:
    outer = node.parent
    while outer is not None and outer.type not in FUNCTIONS:
        outer = outer.parent
    return outer


def _function_line(function: Node | None) -> int:
    if function is None or function.type not in FUNCTIONS:
        return 0
    return first_line(function)
