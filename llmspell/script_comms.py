"""ScriptComms: the comms of a kernel's clients, for the script that runs in it."""

import asyncio
import inspect
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kernel.jupyter.widgets import TARGET, Widget
from llmspell.script_api.comm_table import CommEnd, Heard

if TYPE_CHECKING:
    from kernel.jupyter.comms import Comm, CommNews, CommTable
    from kernel.jupyter.widgets import WidgetTable

OnLoop = Callable[[Callable[[], None]], None]
"""Has something done on the loop's thread, behind all that the script has written."""


class ScriptComm:
    """Implements `CommEnd` for scripts, and the kernel's `CommHandler`."""

    def __init__(self, on_loop: OnLoop, id_: str, target: str) -> None:
        self.id, self.target = id_, target
        self.message: Heard | None = None
        self.over: Heard | None = None
        self.comm: Comm | None = None
        """Set and used on the loop's thread."""
        self._on_loop = on_loop

    def send(self, data: Mapping[str, Any]) -> None:
        """Say something to the clients."""
        self._on_loop(lambda: self.comm.send(data) if self.comm else None)

    def close(self, data: Mapping[str, Any]) -> None:
        """End it; harmless when done twice."""
        self._on_loop(lambda: self.comm.close(data) if self.comm else None)

    async def _hear(self, heard: Heard | None, data: Mapping[str, Any]) -> None:
        """Have the script hear it, to the end of what it prints then."""
        if heard is None:
            return
        await _awaited(heard(data))
        passed = asyncio.Event()
        self._on_loop(passed.set)
        await passed.wait()

    async def received(self, news: "CommNews") -> None:
        """The client says something."""
        await self._hear(self.message, news.data)

    async def closed(self, news: "CommNews") -> None:
        """The client has closed it."""
        await self._hear(self.over, news.data)


class ScriptWidget(ScriptComm):
    """A comm of the target ``jupyter.widget``: its state is kept, for front ends that come late.

    What the script says with the method ``update`` changes it, as what clients say does, and all
    clients hear of either; ``custom`` goes to the widget's own code.
    """

    def __init__(self, on_loop: OnLoop, id_: str, data: Mapping[str, Any]) -> None:
        super().__init__(on_loop, id_, TARGET)
        self.widget = Widget(_state(data), self._changed, self._said, self._ended)

    def send(self, data: Mapping[str, Any]) -> None:
        """Change the state, or say something to the widget's code."""
        if data.get("method") == "update":
            self._on_loop(lambda: self.widget.set(**_state(data)))
        elif data.get("method") == "custom":
            self._on_loop(lambda: self.widget.say(data.get("content")))
        else:
            super().send(data)

    async def _changed(self, state: Mapping[str, Any]) -> None:
        await self._hear(self.message, {"method": "update", "state": dict(state)})

    async def _said(self, content: Any, _buffers: Sequence[bytes]) -> None:  # noqa: ANN401
        await self._hear(self.message, {"method": "custom", "content": content})

    async def _ended(self, data: Mapping[str, Any]) -> None:
        await self._hear(self.over, data)


def _state(data: Mapping[str, Any]) -> dict[str, Any]:
    state = data.get("state")
    return dict(state) if isinstance(state, Mapping) else {}


class ScriptComms:
    """Implements `CommDoor`, over the table of the kernel there is."""

    def __init__(self, on_loop: OnLoop) -> None:
        self._on_loop = on_loop
        self.table: CommTable | None = None
        self.widgets: WidgetTable | None = None
        """Set on the loop's thread once there is a kernel."""

    def open(self, target: str, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> CommEnd:
        """Open one for the clients to hear of."""
        if target == TARGET:
            return self._open_widget(data)
        end = ScriptComm(self._on_loop, uuid.uuid4().hex, target)

        def begin() -> None:
            if self.table is not None:
                end.comm = self.table.open(target, end, data, metadata=metadata, comm_id=end.id)

        self._on_loop(begin)
        return end

    def _open_widget(self, data: Mapping[str, Any]) -> CommEnd:
        end = ScriptWidget(self._on_loop, uuid.uuid4().hex, data)

        def begin() -> None:
            if self.widgets is not None:
                end.comm = self.widgets.create(end.widget, end.id).comm

        self._on_loop(begin)
        return end

    def register(self, target: str, opened: Callable[[CommEnd, Mapping[str, Any]], object]) -> None:
        """Let clients open comms."""

        async def answer(comm: "Comm", news: "CommNews") -> ScriptComm:
            end = ScriptComm(self._on_loop, comm.id, comm.target)
            end.comm = comm
            await _awaited(opened(end, news.data))
            return end

        def begin() -> None:
            if self.table is not None:
                self.table.register(target, answer)

        self._on_loop(begin)

    def unregister(self, target: str) -> None:
        """No longer."""
        self._on_loop(lambda: self.table.unregister(target) if self.table else None)


async def _awaited(answer: object) -> None:
    if inspect.isawaitable(answer) or isinstance(answer, asyncio.Future):
        await answer
