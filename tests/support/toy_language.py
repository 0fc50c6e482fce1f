"""A toy: a little Lua, run on the loop by an interpreter that shows every statement beforehand.

Numbers are integers, functions give one value and see their own variables and the globals, and the
statements are `local`, assignments, calls, functions, `while`, `for i = a, b` and `return`.
"""

import operator
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tree_sitter_lua
from tree_sitter import Language, Node, Parser

_LUA = Language(tree_sitter_lua.language())
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    "==": operator.eq,
}


class ToyError(Exception):
    """What `error` raises, and what goes wrong."""

    is_told = False


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass(eq=False)
class ToyTable:
    """Some values in their order, and some by name."""

    items: list[Any] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ToyFunction:
    """A function of the program."""

    name: str
    node: Node


@dataclass(eq=False)
class ToyFrame:
    """A call under way; the line is that of the statement that comes next or is running."""

    name: str
    node: Node
    line: int
    variables: dict[str, Any]
    is_new: bool = True
    """Nothing of it has run."""


def parse(text: str) -> Node:
    """The tree of a program; raises `ToyError`."""
    root = Parser(_LUA).parse(text.encode()).root_node
    if root.has_error:
        raise ToyError(f"syntax error in {text!r}")
    return root


def line_of(node: Node) -> int:
    """The line a node begins on, from 1."""
    return int(node.start_point[0]) + 1


def code_lines(node: Node) -> set[int]:
    """The lines on which statements begin."""
    found = {line_of(each) for each in _parts(node) if node.type in ("chunk", "block")}
    return found.union(*map(code_lines, node.named_children))


def show(value: Any) -> str:
    """A value as the debugger shows it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, ToyTable):
        named = [f"{name} = {show(each)}" for name, each in value.names.items()]
        return "{" + ", ".join([*map(show, value.items), *named]) + "}"
    return plain(value)


def plain(value: Any) -> str:
    """A value as `print` writes it."""
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, str | int) else f"{kind(value)}: {id(value):#x}"


def kind(value: Any) -> str:
    """The type of a value."""
    kinds = {type(None): "nil", bool: "boolean", int: "number", str: "string", ToyTable: "table"}
    return kinds.get(type(value), "function")


class Toy:
    """A program that runs; of ``frames`` the innermost is the last.

    ``before`` is awaited before each statement, ``failed`` where an error was raised.
    """

    def __init__(
        self,
        before: Callable[[], Awaitable[None]],
        failed: Callable[[ToyError], Awaitable[None]],
        library: Mapping[str, Any],
    ) -> None:
        self.frames: list[ToyFrame] = []
        self.globals: dict[str, Any] = {"error": _raise, **library}
        self._before, self._failed = before, failed

    async def run(self, text: str) -> None:
        """Run a program; raises `ToyError` where it fails."""
        root = parse(text)
        await self._enter(ToyFrame("main chunk", root, 1, {}), root)

    async def evaluate(self, expression: str, frame: ToyFrame | None) -> Any:
        """The value of an expression in a frame, or among the globals."""
        statement = parse(f"return {expression}").named_children[0]
        where = frame or ToyFrame("", statement, 0, {})
        return await self._value(statement.named_children[0].named_children[0], where)

    async def assign(self, target: str, value: Any, frame: ToyFrame | None) -> None:
        """Give a value to what an expression names."""
        (statement,) = parse(f"{target} = nil").named_children
        where = frame or ToyFrame("", statement, 0, {})
        await self._assign(statement.named_children[0].named_children[0], value, where)

    # --- statements -------------------------------------------------------------------------------

    async def _enter(self, frame: ToyFrame, body: Node | None) -> Any:
        self.frames.append(frame)
        try:
            await self._block(body, frame)
        except _Return as returned:
            return returned.value
        except ToyError as error:
            if not error.is_told:
                error.is_told = True
                await self._failed(error)
            raise
        finally:
            self.frames.pop()
        return None

    async def _block(self, block: Node | None, frame: ToyFrame) -> None:
        for statement in _parts(block):
            await self._show(statement, frame)
            await getattr(self, f"_{statement.type}")(statement, frame)

    async def _show(self, node: Node, frame: ToyFrame) -> None:
        frame.line = line_of(node)
        await self._before()

    async def _variable_declaration(self, node: Node, frame: ToyFrame) -> None:
        names, values = await self._sides(node.named_children[0], frame)
        frame.variables.update(zip((_text(each) for each in names), values, strict=True))

    async def _assignment_statement(self, node: Node, frame: ToyFrame) -> None:
        for target, value in zip(*await self._sides(node, frame), strict=True):
            await self._assign(target, value, frame)

    async def _sides(self, node: Node, frame: ToyFrame) -> tuple[list[Node], list[Any]]:
        targets, expressions = map(_parts, node.named_children)
        return targets, [await self._value(each, frame) for each in expressions]

    async def _assign(self, target: Node, value: Any, frame: ToyFrame) -> None:
        if target.type == "dot_index_expression":
            table, name = target.named_children
            (await self._value(table, frame)).names[_text(name)] = value
        else:
            name = _text(target)
            (frame.variables if name in frame.variables else self.globals)[name] = value

    async def _function_declaration(self, node: Node, frame: ToyFrame) -> None:
        name = _text(_field(node, "name"))
        self.globals[name] = ToyFunction(name, node)

    async def _return_statement(self, node: Node, frame: ToyFrame) -> None:
        listed = [each for part in _parts(node) for each in _parts(part)]
        raise _Return(await self._value(listed[0], frame) if listed else None)

    async def _while_statement(self, node: Node, frame: ToyFrame) -> None:
        while await self._value(_field(node, "condition"), frame):
            await self._block(node.child_by_field_name("body"), frame)
            await self._show(node, frame)

    async def _for_statement(self, node: Node, frame: ToyFrame) -> None:
        name, *bounds = _parts(_field(node, "clause"))
        first, last = [await self._value(each, frame) for each in bounds]
        for frame.variables[_text(name)] in range(first, last + 1):
            await self._block(node.child_by_field_name("body"), frame)

    # --- expressions ------------------------------------------------------------------------------

    async def _value(self, node: Node, frame: ToyFrame) -> Any:
        match node.type:
            case "number":
                return int(_text(node), 0)
            case "string":
                return "".join(map(_text, node.named_children))
            case "nil" | "true" | "false":
                return {"nil": None, "true": True, "false": False}[node.type]
            case "identifier":
                return frame.variables.get(_text(node), self.globals.get(_text(node)))
            case "dot_index_expression":
                return await self._indexed(node, frame)
            case "binary_expression":
                return await self._binary(node, frame)
            case "function_call":
                return await self._function_call(node, frame)
            case "table_constructor":
                return await self._table(node, frame)
        raise ToyError(f"no {node.type} here")

    async def _indexed(self, node: Node, frame: ToyFrame) -> Any:
        holder, name = node.named_children
        table = await self._value(holder, frame)
        if not isinstance(table, ToyTable):
            raise ToyError(f"attempt to index a {kind(table)} value")
        return table.names.get(_text(name))

    async def _binary(self, node: Node, frame: ToyFrame) -> Any:
        left, right = [await self._value(each, frame) for each in node.named_children]
        sign = node.children[1].type
        wrong = [each for each in (left, right) if not isinstance(each, int)]
        if wrong and sign != "==":
            raise ToyError(f"attempt to compute with a {kind(wrong[0])} value")
        return _OPERATORS[sign](left, right)

    async def _function_call(self, node: Node, frame: ToyFrame) -> Any:
        function = await self._value(_field(node, "name"), frame)
        arguments = [await self._value(each, frame) for each in _parts(_field(node, "arguments"))]
        if callable(function):
            return await function(*arguments)
        if not isinstance(function, ToyFunction):
            raise ToyError(f"attempt to call a {kind(function)} value")
        names = map(_text, _parts(_field(function.node, "parameters")))
        padded = [*arguments, *[None] * 9]
        variables = dict(zip(names, padded, strict=False))
        inner = ToyFrame(function.name, function.node, line_of(function.node), variables)
        return await self._enter(inner, function.node.child_by_field_name("body"))

    async def _table(self, node: Node, frame: ToyFrame) -> ToyTable:
        table = ToyTable()
        for each in _parts(node):
            value = await self._value(_field(each, "value"), frame)
            name = each.child_by_field_name("name")
            if name is None:
                table.items.append(value)
            else:
                table.names[_text(name)] = value
        return table


async def _raise(message: Any) -> None:
    raise ToyError(plain(message))


def _parts(node: Node | None) -> list[Node]:
    return [each for each in node.named_children if each.type != "comment"] if node else []


def _field(node: Node, name: str) -> Node:
    found = node.child_by_field_name(name)
    assert found is not None
    return found


def _text(node: Node) -> str:
    return (node.text or b"").decode()
