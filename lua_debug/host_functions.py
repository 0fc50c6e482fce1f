"""HostFunctions: the tables of the host in one Lua runtime, and the one door calls go through.

Everything here runs on the Lua thread, but for what releases callbacks and queues calls of them.
Lua sees functions written in Lua (``probe/host_functions.lua``); what crosses is text.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any

from kernel.core.catalogue import Catalogue
from kernel.core.errors import KernelError
from kernel.core.function_catalogue import catalogue_of, objects_of
from kernel.core.functions import (
    HostFunction,
    HostObject,
    HostTable,
    LazyTable,
    MakeTables,
    functions_of,
    has_many_results,
)
from kernel.core.script_values import StackRow
from lua_debug.callbacks import LuaCallback, ScriptEnds
from lua_debug.crossing import NotData, Packer, Unpacker

Submit = Callable[[Coroutine[Any, Any, Any]], "Future[Any]"]
Ask = Callable[..., Awaitable[Mapping[str, Any]]]

_TURN = 0.02
"""Seconds a script waits in one piece: so long an interrupt may need to be heard."""

_log = logging.getLogger(__name__)


class HostFunctions:
    """What one script can call of the host, and the `Script` those functions may ask."""

    def __init__(
        self,
        make_tables: MakeTables,
        submit: Submit,
        language: str,
        has_mail: Callable[[], bool] = lambda: False,
        wake: Callable[[], object] = lambda: None,
        ask: Ask | None = None,
    ) -> None:
        """``submit`` begins coroutines on the loop; ``has_mail``: somebody wants the script.

        ``wake``: called (on any thread) when a job is put off, so that an idle script hears of it.
        ``ask``: has the probe run an operation; None where nothing stops the script.
        """
        self._ask = ask
        self.language = language
        self._make_tables = make_tables
        self._submit, self._has_mail, self._wake = submit, has_mail, wake
        self._functions: list[tuple[HostFunction, Callable[..., Any] | None]] = []
        self._objects: dict[int, HostObject] = {}
        self._numbers: dict[int, int] = {}
        """The numbers of objects by their identities."""
        self._last_object = 0
        self._released: deque[int] = deque()
        self._waits: dict[int, tuple[HostFunction, Future[Any]]] = {}
        self._prepared: tuple[int, HostFunction, Coroutine[Any, Any, Any]] | None = None
        self._last_wait = 0
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._arrived = threading.Event()
        """Set where something was put into it."""
        self._unpacker = Unpacker(self._callback, self._objects.__getitem__)
        self._packer = Packer(self._keep)
        self._is_closed = False
        self._tables: list[HostTable] = []
        self._lazy: dict[str, LazyTable] = {}
        self._thread = 0
        self._bind: Any = None
        self._call_kept: Any = None
        self._ask_stack: Any = None
        self._ask_memory: Any = None

    def functions(self) -> Mapping[str, Callable[..., str | None]]:
        """What the probe calls; to be given to it before `install`."""
        return {
            "call_function": self.door,
            "await_function": self.wait,
            "give_up_function": self.give_up,
            "describe_table": self.describe_table,
        }

    def install(self, probe: Any) -> None:
        """Put the tables into the globals of a runtime, on its thread."""
        self._thread = threading.get_ident()
        found = probe.host_functions()
        self._bind, self._call_kept, self._ask_stack, self._ask_memory = found
        made = self._make_tables(self)
        self._tables = [each for each in made if isinstance(each, HostTable)]
        self._lazy = {each.name: each for each in made if isinstance(each, LazyTable)}
        self._bind(
            self._packer.pack([{**self._description(self._tables), "lazy": list(self._lazy)}])
        )

    def begin(self, script: str, words: Sequence[str]) -> None:
        """A program begins in the runtime, started with these words; on its thread."""
        for table in self._tables:
            table.begin(script, words)
        values = self._values(self._tables)
        told = {"functions": [], "types": {}, "values": values, "on_display": []}
        self._bind(self._packer.pack([told]))

    def close(self) -> None:
        """The runtime is gone: nothing of it is called any more."""
        self._bind = self._call_kept = self._ask_stack = self._ask_memory = None
        self._is_closed = True
        self._run_queued()
        self.cancel_waits()
        for table in self._tables:
            table.close()
        self._objects.clear()
        self._numbers.clear()

    # --- what is bound ----------------------------------------------------------------------------

    def catalogue(self) -> Catalogue:
        """What the script has of these, as far as it has looked into them."""
        return catalogue_of({type(each): None for each in self._tables})

    def describe_table(self, name: str) -> str:
        """What to bind for a table into which the script looks for the first time."""
        try:
            made = self._lazy[name].make()
            self._tables += made
            return self._packer.pack([self._description(made)])
        except Exception as error:
            text = str(error) if isinstance(error, KernelError) else _described(error)
            if not isinstance(error, KernelError):
                _log.exception("%s cannot be made", name)
            return "-" + _as_bytes(f"{name}: {text}")

    def _description(self, tables: Sequence[HostTable]) -> dict[str, Any]:
        functions = [
            self._spec(each, getattr(table, each.attribute))
            for table in tables
            for each in functions_of(type(table))
        ]
        kinds = objects_of([type(table) for table in tables])
        types = {
            kind.name: {each.member: self._spec(each, None) for each in functions_of(kind)}
            for kind in kinds
        }
        on_display = [kind.name for kind in kinds if kind.is_on_display]
        return {
            "functions": functions,
            "types": types,
            "values": self._values(tables),
            "on_display": on_display,
        }

    def _values(self, tables: Sequence[HostTable]) -> list[list[Any]]:
        return [
            [f"{table.name}.{name}" if name else table.name, value]
            for table in tables
            for name, value in table.values().items()
        ]

    def _spec(self, function: HostFunction, target: Callable[..., Any] | None) -> dict[str, Any]:
        """What Lua knows of a function; its number is where it stands in our list."""
        self._functions.append((function, target))
        names = [each.name for each in function.parameters]
        return {
            "index": len(self._functions),
            "name": function.name,
            "parameters": names,
            "most": -1 if function.rest else len(names),
            "functions": function.takes("function") or "0",
            "shows": function.takes("shown") or "0",
            "is_call": not function.table and target is not None,
        }

    # --- the door ---------------------------------------------------------------------------------

    def door(
        self, index: int, packed: str, number: int | None = None, dropped: str = ""
    ) -> str | None:
        """Run a function; the answer as ``probe/host_functions.lua`` reads it.

        ``number``: of the object whose method it is. ``dropped``: objects nobody holds any more.
        """
        function, target = self._functions[index - 1]
        answer: str | None
        try:
            if dropped:
                self._drop(dropped)
            if not self._inbox.empty():
                self._run_queued()
            if target is None:
                target = getattr(self._objects[number or 0], function.attribute)
            arguments = function.arguments(self._unpacker.unpack(packed))
            if function.is_async:
                answer = self._begin(function, target(*arguments))
            else:
                answer = self._packed(function, target(*arguments))
            del arguments  # callbacks in them that nobody kept are released with this answer
        except Exception as error:
            answer = self._failure(function, error)
        if self._released:
            answer = f"~{','.join(map(str, self._take_released()))};{answer or ''}"
        return answer

    def _packed(self, function: HostFunction, result: Any) -> str | None:
        if result is None:
            return None if function.returns in (None, type(None)) else "p[null]"
        many = has_many_results(function.returns) and isinstance(result, tuple)
        return self._packer.pack(result if many else (result,))

    def _failure(self, function: HostFunction, error: Exception) -> str:
        answer = self._words(function, error)
        error.__traceback__ = (
            None  # its frames are the script's, which must not outlive the runtime
        )
        return answer

    def _words(self, function: HostFunction, error: Exception) -> str:
        if isinstance(error, ScriptEnds):
            return "x"
        if isinstance(error, KernelError):
            return "-" + _as_bytes(str(error))
        if isinstance(error, RecursionError):
            return f"-stack overflow in {function.name}"
        _log.error("%s failed", function.name, exc_info=error)
        return "-" + _as_bytes(f"internal error in {function.name}: {_described(error)}")

    def _take_released(self) -> list[int]:
        taken = []
        while self._released:
            taken.append(self._released.popleft())
        return taken

    # --- waiting ----------------------------------------------------------------------------------

    def _begin(self, function: HostFunction, coroutine: Coroutine[Any, Any, Any]) -> str:
        """A ticket. It begins when it is waited for, where an interrupt cannot leave it alone."""
        if self._prepared is not None:
            self._prepared[2].close()
        self._last_wait += 1
        self._prepared = (self._last_wait, function, coroutine)
        return f"?{self._last_wait}"

    def _under_way(self, ticket: int) -> tuple[HostFunction, "Future[Any]"]:
        if self._prepared is not None and self._prepared[0] == ticket:
            _, function, coroutine = self._prepared
            self._prepared = None
            future = self._submit(coroutine)
            self._waits[ticket] = (function, future)
            future.add_done_callback(lambda _: self._put(None))
        return self._waits[ticket]

    def wait(self, ticket: str) -> str | None:
        """Wait a moment: an answer, ``?`` for not yet, ``?!`` if somebody wants the script."""
        function, future = self._under_way(int(ticket))
        try:
            if not future.done():
                self._run_next(_TURN)
            if not future.done():
                return "?!" if self._has_mail() else "?"
            del self._waits[int(ticket)]
            return self._packed(function, future.result())
        except CancelledError:
            return f"-{function.name} was cancelled"
        except Exception as error:
            return self._failure(function, error)

    def give_up(self, ticket: str) -> None:
        """The script waits no longer."""
        if known := self._waits.pop(int(ticket), None):
            known[1].cancel()

    def cancel_waits(self) -> None:
        """The script has come to its end: it waits for nothing, whatever broke its waiting off."""
        waits, self._waits = self._waits, {}
        for _, future in waits.values():
            future.cancel()
        if self._prepared is not None:
            self._prepared[2].close()
            self._prepared = None

    # --- callbacks --------------------------------------------------------------------------------

    def _callback(self, number: int) -> LuaCallback:
        return LuaCallback(self, number, self._released)

    def is_here(self) -> bool:
        """Whether this is the script's thread."""
        return threading.get_ident() == self._thread

    def call_kept(self, number: int, arguments: Sequence[Any]) -> str:
        """Call a function of the script, on its thread; the packed answer."""
        if self._call_kept is None:
            return "-the script has ended"
        answer: str = self._call_kept(number, self._packer.pack(arguments))
        return answer

    async def call_at_stop(self, number: int, arguments: Sequence[Any]) -> str:
        """Call a function of the script as an evaluation, where it stands; the packed answer."""
        if self._ask is None:
            return "-nothing stops this script"
        packed = self._packer.pack(arguments).encode("latin-1")
        try:
            told = await self._ask("call_kept", number=number, packed=packed)
        except KernelError as error:
            return f"-{_as_bytes(str(error))}"
        return bytes.fromhex(told["hex"]).decode("latin-1")

    def results(self, packed: str) -> Any:
        """What a packed answer holds: one value, or a tuple of several."""
        values = self._unpacker.unpack(packed)
        return values[0] if len(values) == 1 else tuple(values) or None

    def put_off(self, job: Callable[[], None]) -> None:
        """Run a job at the script's next safe point, from any thread."""
        self._put(job)
        if self._is_closed:
            self._run_queued()  # nobody else does; it hears that the script has ended
        else:
            self._wake()

    def run_queued(self) -> None:
        """Run what was put off, on the script's thread: a safe point of whoever runs scripts."""
        self._run_queued()

    def _run_queued(self) -> None:
        while not self._inbox.empty():
            self._run_next(0)

    def _put(self, job: Callable[[], None] | None) -> None:
        self._inbox.put(job)
        self._arrived.set()

    def _run_next(self, patience: float) -> None:
        # Not by the queue's own timeout: a signal at its end, and interrupts are signals, makes
        # that wait for ever (CPython 3.11, _queuemodule.c: what is left becomes negative).
        if patience and self._inbox.empty():
            self._arrived.wait(patience)
            self._arrived.clear()
        try:
            job = self._inbox.get_nowait()
        except queue.Empty:
            return
        if job is not None:
            job()

    # --- objects ----------------------------------------------------------------------------------

    def _keep(self, thing: HostObject) -> list[Any]:
        """Its number, its type, and its fields."""
        number = self._numbers.get(id(thing))
        if number is None:
            self._last_object += 1
            number = self._last_object
            self._objects[number], self._numbers[id(thing)] = thing, number
        return [number, thing.name, dict(thing.values())]

    def _drop(self, numbers: str) -> None:
        for number in map(int, numbers.split(",")):
            thing = self._objects.pop(number, None)
            if thing is not None:
                del self._numbers[id(thing)]
                thing.released()

    # --- the port Script --------------------------------------------------------------------------

    def stack(self, levels: int = 100) -> Sequence[StackRow]:
        """Who called whom, up to the call of the function of the host."""
        if self._ask_stack is None:
            return ()
        rows = self._unpacker.unpack(self._ask_stack(levels))[0] or []
        return [StackRow(str(name), str(source), int(line)) for name, source, line in rows]

    def memory(self) -> dict[str, int]:
        """Bytes that the runtime uses."""
        used = int(self._ask_memory()) if self._ask_memory is not None else 0
        return {"used_bytes": used}


def _as_bytes(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("latin-1")


def _described(error: Exception) -> str:
    text = str(error)
    name = type(error).__name__ if not isinstance(error, NotData) else "its result"
    return f"{name}: {text}" if text else name
