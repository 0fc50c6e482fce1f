"""ExecutionManager: runs cells in an engine, one after the other, each for whoever asked for it.

A client joins the queue (`join`), waits for its turn and runs a cell in it (`execute`). What
happens meanwhile is told to the cell's observer, and so is what happens between two cells to that
of the one before: a coroutine that outlives its cell still has somebody to talk to.

An interrupt ends the cell that runs. Code that hears no interrupt (a C function) gets a time of
grace; then the engine is given up and replaced, or whatever ``when_stuck`` does instead.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

from kernel.core.errors import DebuggeeGone, KernelError
from kernel.events.model import Display, KernelEvent
from kernel.execution.cells import (
    CellObserver,
    CellRequest,
    CellResult,
    EngineFactory,
    Guard,
    Room,
    SessionType,
    failed_cell,
)
from kernel.execution.engine import Cell, ScriptEngine
from kernel.execution.history import History
from kernel.execution.questions import QuestionDesk
from kernel.execution.turns import Turn, TurnQueue

GRACE = 2.0
"""Seconds an interrupted cell has to end before the engine is given up."""

_UNHEARD = (
    "The code did not stop within {grace:g} s of the interrupt: it is inside a C function, a "
    "finalizer or a hook of its own, where no interrupt is heard. "
)

STUCK = f"{_UNHEARD}The program was started anew; its variables are gone."

ABANDONED = f"{_UNHEARD}The kernel ends, and leaves it there."

UNTYPED = frozenset({SessionType.SCRIPT, SessionType.EXEC})
"""Cells of these kinds are counted, but nobody looks for them in what was typed before."""


async def _always_room() -> None:
    """Wait for nobody."""


class ExecutionManager:
    """The one door to an engine. Used on the loop's thread."""

    def __init__(
        self,
        make_engine: EngineFactory,
        history: History,
        *,
        cell_path: Callable[[str], str] = lambda _code: "cell",
        grace: float = GRACE,
        guard: Guard | None = None,
        room: Room = _always_room,
    ) -> None:
        """``cell_path`` gives the file that debuggers know a cell as, of its text."""
        self._make_engine = make_engine
        self.room = room
        """Waits until clients can take more output."""
        self.history = history
        self.grace = grace
        self.count = 0
        """The number of the last cell that was counted."""
        self.catch_up: Callable[[], None] = lambda: None
        """Takes in what clients have sent already; called before their cells are aborted."""
        self.when_stuck: Callable[[], Awaitable[None]] = self.replace_engine
        self.when_replaced: Callable[[], None] = lambda: None
        self._cell_path, self._guard = cell_path, guard
        self._turns = TurnQueue()
        self._is_closing = False
        self._loop = asyncio.get_running_loop()
        self._desk = QuestionDesk()
        self._observer: CellObserver | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._timer: asyncio.TimerHandle | None = None
        self._escalation: asyncio.Task[None] | None = None
        self.engine = self._new_engine()

    # --- life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Make the runtime, and begin a session of the history; raises `UserError`."""
        await self.engine.start()
        await self.history.begin()

    async def close(self) -> None:
        """End the cell that runs, one way or the other, and give the runtime back."""
        self._is_closing = True
        self._turns.abort_all()
        if self.is_busy:
            self.when_stuck = self.engine.abandon
            self.interrupt()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.grace + 1):
                    await self._idle.wait()
        if self._timer is not None:
            self._timer.cancel()
        await self.engine.close()
        await self.history.close()

    async def replace_engine(self) -> None:
        """Give the engine up, whatever it does, and go on with a new one."""
        await self.engine.abandon()
        self.engine = self._new_engine()
        await self.engine.start()
        self.when_replaced()

    # --- cells ----------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether a cell runs."""
        return not self._idle.is_set()

    async def wait_idle(self) -> None:
        """Wait until no cell runs."""
        await self._idle.wait()

    def abort_waiting(self) -> None:
        """Cells that wait for their turn shall not run."""
        self._turns.abort_all()

    def join(self, client: str) -> Turn:
        """A place in the queue, to be entered with ``async with``."""
        return self._turns.join(client)

    async def run(self, request: CellRequest, observer: CellObserver) -> CellResult:
        """Wait for a turn and execute a cell in it."""
        async with self.join(request.client) as turn:
            if turn.is_aborted:
                return CellResult(self.count, is_aborted=True)
            return await self.execute(request, observer)

    async def execute(self, request: CellRequest, observer: CellObserver) -> CellResult:
        """Run a cell to its end, in the caller's turn; errors are part of the result."""
        remembers = request.stores_history and not request.is_silent
        if remembers:
            self.count += 1
        is_typed = remembers and request.session_type not in UNTYPED
        if is_typed:
            self.history.add(self.count, request.code)
        number = self.count
        observer.began(number)
        with self._attending(observer, request.allows_input):
            result = await self._guarded(request, number)
        if is_typed and result.outcome.result is not None:
            self.history.add_output(number, _plain(result.outcome.result))
        if result.outcome.error and request.stops_on_error and not request.is_silent:
            self.catch_up()
            self._turns.abort(request.client)
        return result

    async def call(self, observer: CellObserver, function: Callable[[], Awaitable[None]]) -> None:
        """Do something that runs code of the program, in the caller's turn; its output is told."""
        with self._attending(observer, allows_input=False):
            await function()

    def interrupt(self) -> None:
        """End the cell that runs; returns at once. Harmless when none runs."""
        self.engine.interrupt()
        if self.is_busy and self._timer is None:
            self._timer = self._loop.call_later(self.grace, self._escalate)

    def kill(self) -> None:
        """As `interrupt`, without grace: the engine is given up if the cell still runs."""
        self.engine.interrupt()
        if self._timer is not None:
            self._timer.cancel()
        self._escalate()

    async def _guarded(self, request: CellRequest, number: int) -> CellResult:
        try:
            if self._guard is None:
                return await self._execute(request, number)
            return await self._guard.around(request, number, lambda it: self._execute(it, number))
        except DebuggeeGone:
            raise
        except KernelError as error:  # of whoever guards it
            return failed_cell(number, "Refused", str(error))

    async def _execute(self, request: CellRequest, number: int) -> CellResult:
        path = request.path or self._cell_path(request.code)
        cell = Cell(
            request.code,
            path,
            number,
            stores_result=not request.is_silent,
            arguments=request.arguments or (),
            call=request.call,
            tells_values=request.tells_values,
        )
        engine = self.engine
        try:
            outcome = await engine.execute(cell)
            if outcome.error is not None:
                return CellResult(number, outcome)
            values = {
                name: await engine.evaluate(expression)
                for name, expression in request.expressions.items()
            }
        except DebuggeeGone:
            words = ABANDONED if self._is_closing else STUCK
            return failed_cell(number, "Interrupted", words.format(grace=self.grace))
        return CellResult(number, outcome, values)

    # --- what happens meanwhile -----------------------------------------------------------------

    @contextlib.contextmanager
    def _attending(self, observer: CellObserver, allows_input: bool) -> Iterator[None]:
        self._observer = observer
        self._idle.clear()
        if allows_input:
            self._desk.open(observer.asked)
        try:
            yield
        finally:
            self._idle.set()
            self._desk.close()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _listen(self, engine: ScriptEngine | None, event: KernelEvent) -> None:
        if self._observer is not None and engine is self.engine:
            self._observer.told(event)

    def _new_engine(self) -> ScriptEngine:
        made: ScriptEngine | None = None

        def listen(event: KernelEvent) -> None:
            self._listen(made, event)

        made = self._make_engine(listen, self._desk, self._wait_for_room)
        return made

    async def _wait_for_room(self) -> None:
        await self.room()

    def _escalate(self) -> None:
        self._timer = None
        if self.is_busy:
            self._escalation = asyncio.ensure_future(self.when_stuck())


def _plain(display: Display) -> str:
    return str(display.data.get("text/plain", ""))
