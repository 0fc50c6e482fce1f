"""Widgets: models that live here and are shown by clients, in ipywidgets' protocol (version 2.1).

A widget is a comm with the target ``jupyter.widget`` and a state, an object of named values. Both
sides say what they change of it. ``jupyter.widget.control`` tells a client that came late of all
widgets there are.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from kernel.events.model import Display
from kernel.jupyter.comms import Comm, CommHandler, CommNews, CommTable

TARGET, CONTROL_TARGET = "jupyter.widget", "jupyter.widget.control"
VERSIONS = {"version": "2.1.0"}
CONTROL_VERSIONS = {"version": "1.0.0"}
VIEW = "application/vnd.jupyter.widget-view+json"

State = Mapping[str, Any]
Changed = Callable[[State], Awaitable[None]]
Said = Callable[[Any, Sequence[bytes]], Awaitable[None]]


async def _nothing(*_: object) -> None:
    """Nobody wants to know."""


class Widget:
    """Implements `CommHandler`; made by `WidgetTable.create`."""

    def __init__(
        self,
        state: State,
        changed: Changed = _nothing,
        said: Said = _nothing,
        ended: Changed = _nothing,
    ) -> None:
        """``changed`` is told what a client has changed, ``said`` what it says besides.

        ``ended``: that a client has closed it, with what it says of that.
        """
        self.state = dict(state)
        self._changed, self._said, self._ended = changed, said, ended
        self._comm: Comm | None = None

    @property
    def comm(self) -> Comm | None:
        """The comm it is, once it is open."""
        return self._comm

    @property
    def id(self) -> str:
        """The model's name; empty before it is open."""
        return "" if self._comm is None else self._comm.id

    def view(self) -> Display:
        """What to display, to have the widget shown."""
        model = {"version_major": 2, "version_minor": 0, "model_id": self.id}
        name = self.state.get("_model_name", "widget")
        return Display({VIEW: model, "text/plain": f"{name}({self.id[:8]})"})

    def set(self, **values: Any) -> None:  # noqa: ANN401 - any JSON, and bytes
        """Change some of the state, here and in all clients."""
        self.state.update(values)
        self._tell("update", values)

    def say(self, content: Any, buffers: Sequence[bytes] = ()) -> None:  # noqa: ANN401
        """Say something to the widget's own code in the clients (``custom``)."""
        if self._comm is not None:
            self._comm.send({"method": "custom", "content": content}, buffers=buffers)

    def close(self) -> None:
        """Let all clients forget it."""
        if self._comm is not None:
            self._comm.close()

    def bind(self, comm: Comm) -> None:
        """It is open."""
        self._comm = comm

    async def received(self, news: CommNews) -> None:
        """A client changes something, asks for the state, or says something."""
        match news.data.get("method"):
            case "update":
                values = joined(news.data.get("state", {}), news.data, news.buffers)
                self.state.update(values)
                self._tell("echo_update", values)
                await self._changed(values)
            case "request_state":
                self._tell("update", self.state)
            case "custom":
                await self._said(news.data.get("content"), news.buffers)

    async def closed(self, news: CommNews) -> None:
        """A client has closed it."""
        await self._ended(news.data)

    def _tell(self, method: str, values: State) -> None:
        if self._comm is not None:
            state, paths, buffers = split(values)
            data = {"method": method, "state": state, "buffer_paths": paths}
            self._comm.send(data, buffers=buffers)


class WidgetTable:
    """All widgets of a kernel."""

    def __init__(self, comms: CommTable) -> None:
        """From now on clients may ask for the widgets there are."""
        self._comms = comms
        self._widgets: dict[str, Widget] = {}
        comms.register(CONTROL_TARGET, self._opened)

    def create(self, widget: Widget, comm_id: str | None = None) -> Widget:
        """Open a widget: clients make its model now, and its views when it is displayed."""
        state, paths, buffers = split(widget.state)
        data = {"state": state, "buffer_paths": paths}
        comm = self._comms.open(
            TARGET, widget, data, metadata=VERSIONS, buffers=buffers, comm_id=comm_id
        )
        widget.bind(comm)
        self._widgets[comm.id] = widget
        return widget

    def open_widgets(self) -> dict[str, Widget]:
        """By their ids; those that were closed are forgotten."""
        known = self._comms.describe(TARGET)
        self._widgets = {name: each for name, each in self._widgets.items() if name in known}
        return self._widgets

    async def _opened(self, comm: Comm, _news: CommNews) -> CommHandler:
        return _Control(self, comm)


class _Control:
    """Implements `CommHandler`: answers who asks for all states."""

    def __init__(self, table: WidgetTable, comm: Comm) -> None:
        self._table, self._comm = table, comm

    async def received(self, news: CommNews) -> None:
        """Tell all states."""
        if news.data.get("method") != "request_states":
            return
        states: dict[str, Any] = {}
        paths: list[list[Any]] = []
        buffers: list[bytes] = []
        for name, widget in self._table.open_widgets().items():
            state, own, found = split(widget.state)
            states[name] = {
                "model_name": state.get("_model_name"),
                "model_module": state.get("_model_module"),
                "model_module_version": state.get("_model_module_version"),
                "state": state,
            }
            paths += [[name, "state", *path] for path in own]
            buffers += found
        data = {"method": "update_states", "states": states, "buffer_paths": paths}
        self._comm.send(data, CONTROL_VERSIONS, buffers)

    async def closed(self, _news: CommNews) -> None:
        """The client has what it wanted."""


# --- bytes among the state travel beside it -------------------------------------------------------


def split(state: State) -> tuple[dict[str, Any], list[list[Any]], list[bytes]]:
    """The state without its bytes, where they were, and they themselves."""
    paths: list[list[Any]] = []
    buffers: list[bytes] = []

    def walk(value: Any, path: list[Any]) -> Any:  # noqa: ANN401 - any JSON, and bytes
        if isinstance(value, bytes | bytearray | memoryview):
            paths.append(path)
            buffers.append(bytes(value))
            return None
        if isinstance(value, Mapping):
            return {key: walk(each, [*path, key]) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [walk(each, [*path, index]) for index, each in enumerate(value)]
        return value

    whole = walk(state, [])
    for path in paths:
        if isinstance(path[-1], str):  # as ipywidgets does: lists keep their places
            _parent(whole, path).pop(path[-1])
    return whole, paths, buffers


def joined(state: State, data: State, buffers: Sequence[bytes]) -> dict[str, Any]:
    """The state with its bytes in their places again; paths that lead nowhere are left out."""
    whole, _, _ = split(state)
    for path, buffer in zip(data.get("buffer_paths", ()), buffers, strict=False):
        try:
            _parent(whole, path)[path[-1]] = bytes(buffer)
        except (LookupError, TypeError):
            continue
    return whole


def _parent(whole: Any, path: Sequence[Any]) -> Any:  # noqa: ANN401 - any JSON
    for step in path[:-1]:
        whole = whole[step]
    return whole
