"""Inspector: what the probe tells about a stopped program, as data of `kernel.core.model`."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from kernel.core import model as m
from kernel.core.catalogue import Catalogue
from kernel.core.errors import UserError
from kernel.core.ids import FAILED, FrameId, SourceReference, ThreadId, VariablesReference
from kernel.core.loading import LoadedOnce
from lua_debug.columns import TextOf, with_columns
from lua_debug.completions import completion, length_in_utf8
from lua_debug.standard_library import standard_library
from lua_debug.syntax.declarations import (
    Place,
    function_defined,
    local_declared,
    upvalue_declared,
)

_MEMORY = re.compile("[0-9]{1,15}")
"""A number of the probe, as it is told."""

OriginalPlace = Callable[[int, int, int | None], m.Location | None]
"""The place in an original for the number of a chunk with a source map, a line and a column."""


class Ask(Protocol):
    """Has the probe run an operation; answers its result, raises what went wrong."""

    def __call__(self, op: str, /, **arguments: Any) -> Awaitable[dict[str, Any]]:
        """Arguments that are None are left out."""


class Inspector:
    """Looks into a stopped program and changes values of it.

    ``text_of`` gives the text of a source, where it is known: places in it have columns then.
    ``original_place`` tells what a line of a chunk was made from: that is shown then.
    ``lua`` names the version, for the signatures of its library.

    Raises `StaleReference` for ids of an earlier stop, `EvaluationFailed` for expressions that do
    not compile or fail, `UserError` for what cannot be.
    """

    def __init__(
        self,
        ask: Ask,
        text_of: TextOf = lambda _: None,
        original_place: OriginalPlace = lambda _number, _line, _column: None,
        lua: str = "5.4",
        catalogue: Callable[[], Catalogue] = Catalogue,
    ) -> None:
        """``catalogue``: what is known of functions that scripts find beyond the library's."""
        self._ask = ask
        self._text_of = text_of
        self._original_place = original_place
        self._known = LoadedOnce(lambda: standard_library(lua).joined(catalogue()))
        self.remains: set[FrameId] = set()
        """The frames that are known to be left of a cell that failed."""

    # --- threads and stacks -----------------------------------------------------------------------

    async def threads(self) -> list[m.Thread]:
        """The coroutines that have a stack, the main one first."""
        answer = await self._ask("threads")
        return [m.Thread(ThreadId(each["id"]), each["name"]) for each in answer["threads"]]

    async def stack(
        self, thread: ThreadId, start: int = 0, levels: int = 0, form: m.FrameFormat | None = None
    ) -> m.StackPage:
        """A page of a thread's stack and, below it, of those that resumed it."""
        wanted = _frame_format(form) if form else None
        answer = await self._ask("stack", thread=thread, start=start, levels=levels, format=wanted)
        frames = tuple(self._frame(each) for each in answer["frames"])
        if thread == FAILED:
            self.remains = {each.id for each in frames} | (self.remains if start else set())
        return m.StackPage(with_columns(frames, self._text_of), answer["total"])

    def _frame(self, told: Mapping[str, Any]) -> m.StackFrame:
        frame = _frame(told)
        original = self.original(told.get("source"), frame.line)
        if original is None:
            return frame
        is_dimmed = original.source.hint is m.SourceHint.DEEMPHASIZE
        return replace(
            frame,
            source=original.source,
            line=original.line,
            column=original.column or 1,
            hint=m.FrameHint.SUBTLE if is_dimmed else frame.hint,
        )

    def original(
        self, source: Mapping[str, Any] | None, line: int, column: int | None = None
    ) -> m.Location | None:
        """What a place was made from; ``source`` as the probe tells it. None if from nothing."""
        number = source.get("map") if source else None
        return None if number is None else self._original_place(number, line, column)

    def shown_target(self, source: Mapping[str, Any], it: m.StepInTarget) -> m.StepInTarget:
        """A call on a line that was made from another is shown where that is."""
        at = self.original(source, it.line or 0, it.column)
        if at is None:
            return it
        return replace(it, line=at.line, column=at.column, end_line=None, end_column=None)

    async def exception_details(self, thread: ThreadId) -> m.ExceptionDetails:
        """The error the thread stopped on."""
        told = await self._ask("exception", thread=thread)
        return m.ExceptionDetails(
            id=told["id"],
            description=told["description"],
            mode=told["mode"],
            type_name=told["type"],
            traceback=told["traceback"],
            value=_variable(told["value"]),
            evaluate_name=told["evaluate"],
        )

    # --- variables --------------------------------------------------------------------------------

    async def scopes(self, frame: FrameId) -> list[m.Scope]:
        """The groups of variables a frame sees."""
        answer = await self._ask("scopes", frame=frame)
        return [self._scope(each) for each in answer["scopes"]]

    async def global_scope(self) -> m.Scope:
        """The globals, which need no frame."""
        return self._scope(await self._ask("global_scope"))

    def _scope(self, told: Mapping[str, Any]) -> m.Scope:
        scope = _scope(told)
        if scope.line is None or scope.end_line is None or "map" not in told["source"]:
            return scope
        first = self.original(told["source"], scope.line)
        last = self.original(told["source"], scope.end_line)
        if first is None or last is None or first.source != last.source or last.line < first.line:
            return replace(scope, source=None, line=None, end_line=None)
        return replace(scope, source=first.source, line=first.line, end_line=last.line)

    async def variables(
        self,
        reference: VariablesReference,
        kind: str | None = None,
        start: int = 0,
        count: int = 0,
        form: m.ValueFormat | None = None,
    ) -> list[m.Variable]:
        """Children of a scope or a value; of very many at most 1,000 unless ``count`` says so."""
        answer = await self._ask(
            "variables", ref=reference, filter=kind, start=start, count=count, hex=_hex(form)
        )
        return [_variable(each) for each in answer["variables"]]

    async def set_variable(
        self,
        container: VariablesReference,
        name: str,
        value: str,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Give a child the value of an expression, which is evaluated in its frame."""
        return _result(
            await self._ask("set_variable", ref=container, name=name, value=value, hex=_hex(form))
        )

    async def data_breakpoint_info(
        self,
        name: str,
        container: VariablesReference | None = None,
        frame: FrameId | None = None,
    ) -> m.DataBreakpointInfo:
        """Whether a local, an upvalue or a field can be watched."""
        told = await self._ask("data_info", name=name, ref=container or None, frame=frame)
        data_id = told.get("data_id")
        access = ("write",) if data_id else ()
        can_persist = bool(told.get("can_persist"))
        return m.DataBreakpointInfo(data_id, told["description"], access, can_persist)

    # --- expressions ------------------------------------------------------------------------------

    async def evaluate(
        self,
        expression: str,
        frame: FrameId | None = None,
        context: str | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Evaluate in a frame or among the globals; ``hover`` runs nothing that has an effect."""
        return _result(
            await self._ask(
                "evaluate", expr=expression, frame=frame, context=context, hex=_hex(form)
            )
        )

    async def set_expression(
        self,
        expression: str,
        value: str,
        frame: FrameId | None = None,
        form: m.ValueFormat | None = None,
    ) -> m.EvaluateResult:
        """Assign the value of one expression to another."""
        return _result(
            await self._ask(
                "set_expression", expr=expression, value=value, frame=frame, hex=_hex(form)
            )
        )

    async def complete(
        self, text: str, column: int, frame: FrameId | None = None
    ) -> list[m.Completion]:
        """Ways to go on after the first ``column`` characters of ``text``."""
        place = length_in_utf8(text[:column])
        answer = await self._ask("complete", text=text, column=place, frame=frame)
        known = await self._known.get()
        return [completion(each, text, known) for each in answer["items"]]

    # --- bytes and places -------------------------------------------------------------------------

    async def read_memory(self, memory: str, offset: int, count: int) -> m.Memory:
        """Bytes of a string."""
        if not _MEMORY.fullmatch(memory):
            raise UserError(
                f"There is no memory {memory!r}; the reference of a variable or a result that is "
                "a string can be read."
            )
        told = await self._ask("read_memory", memory=int(memory), offset=offset, count=count)
        return m.Memory(str(told["address"]), bytes.fromhex(told["hex"]), told["unreadable"])

    async def location(self, reference: int) -> m.Location:
        """Where a function was defined or a variable declared.

        Raises `UserError` where the text does not tell.
        """
        told = await self._ask("location", reference=reference)
        source = source_from(told["source"])
        line, column = self._place(source, told)
        original = self.original(told["source"], line, column)
        return original or m.Location(source, line, column)

    def _place(self, source: m.Source, told: Mapping[str, Any]) -> Place:
        text, function = self._text_of(source), (told["first"], told["last"])
        name = told.get("name")
        found = None
        if text is None:
            pass
        elif name is None:
            found = function_defined(text, function)
        elif "rank" in told:
            found = local_declared(text, name, function, told["line"], told["rank"])
        else:
            found = upvalue_declared(text, name, function)
        if found is None and name is not None:
            raise UserError(f"The text of {source.name} does not tell where {name} is declared.")
        return found or (max(1, function[0]), 1)


def source_from(told: Mapping[str, Any]) -> m.Source:
    """The source that the probe's ``P.source_of`` describes."""
    return m.Source(
        name=told["name"],
        path=told.get("path"),
        reference=SourceReference(told.get("reference") or 0),
        origin=told.get("origin"),
        hint=m.SourceHint(told.get("hint") or "normal"),
    )


def _hex(form: m.ValueFormat | None) -> bool:
    return form is not None and form.hex


def _frame_format(form: m.FrameFormat) -> dict[str, bool]:
    return {name: getattr(form, name) for name in m.FrameFormat.__slots__}


def _optional_source(told: Mapping[str, Any]) -> m.Source | None:
    return source_from(told["source"]) if "source" in told else None


def _frame(told: Mapping[str, Any]) -> m.StackFrame:
    source = _optional_source(told)
    return m.StackFrame(
        id=FrameId(told["id"]),
        name=told["name"],
        line=told["line"],
        source=source,
        module=told.get("module"),
        hint=m.FrameHint(told["hint"]),
    )


def _scope(told: Mapping[str, Any]) -> m.Scope:
    return m.Scope(
        name=told["name"],
        reference=VariablesReference(told["ref"]),
        hint=told.get("hint"),
        named=told.get("named"),
        indexed=told.get("indexed"),
        expensive=told["expensive"],
        source=_optional_source(told),
        line=told.get("line"),
        end_line=told.get("end_line"),
    )


def _presentation(told: Mapping[str, Any]) -> m.Presentation | None:
    hint = told.get("hint")
    if not hint:
        return None
    return m.Presentation(
        kind=hint.get("kind"),
        attributes=tuple(hint.get("attributes", ())),
        visibility=hint.get("visibility"),
        lazy=hint.get("lazy", False),
    )


def _memory(told: Mapping[str, Any]) -> str | None:
    return str(told["memory"]) if "memory" in told else None


def _variable(told: Mapping[str, Any]) -> m.Variable:
    return m.Variable(
        name=told["name"],
        value=told["value"],
        type=told["type"],
        reference=VariablesReference(told.get("ref", 0)),
        named=told.get("named"),
        indexed=told.get("indexed"),
        evaluate_name=told.get("evaluate"),
        memory=_memory(told),
        presentation=_presentation(told),
        declaration=told.get("declaration"),
        value_location=told.get("location"),
    )


def _result(told: Mapping[str, Any]) -> m.EvaluateResult:
    return m.EvaluateResult(
        value=told["value"],
        type=told["type"],
        reference=VariablesReference(told.get("ref", 0)),
        named=told.get("named"),
        indexed=told.get("indexed"),
        memory=_memory(told),
        presentation=_presentation(told),
        value_location=told.get("location"),
    )
