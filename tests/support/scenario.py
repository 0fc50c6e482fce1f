"""Stories: a Lua program with marked lines, a few debugger verbs, an expectation.

::

    def test_a_false_condition_does_not_stop(debug):
        with debug('''
            local s = 0
            for i = 1, 9 do
              s = s + i  -- @add
            end
        ''') as d:
            d.break_at("add", condition="i == 5")
            assert "breakpoint" == d.run().reason
            assert {"i": "5", "s": "10"} == d.locals()

``debug`` is a fixture (tests/scenarios/conftest.py); it runs each story on every Lua version, kind
of hooks and transport that was asked for.
"""

import re
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dap_server.client import DapClient, ProgramEnded, Stop
from dap_server.host import ClientDoor
from dap_server.launch import AttachRequest, LaunchRequest
from dap_server.protocol import generated as dap
from kernel.core.errors import UserError
from kernel.debug.coordinator import DebugCoordinator
from kernel.events.bus import EventBus
from lua_debug.debuggee import LuaDebuggee
from lua_debug.exceptions import EXCEPTION_FILTERS
from tests.support.schema import check_frame

_MARK = re.compile(r"--\s*@(\w+)")
_VERBS = {"over": "step_over", "in": "step_in", "out": "step_out", "go": "continue_"}
TRANSPORTS = ("memory", "stdio", "tcp")

DEADLINE = 45.0
"""Seconds to wait for anything; only failing takes that long, however busy the machine is."""


class MemoryHost:
    """Runs programs in this process, which keeps its own streams, folder and environment."""

    exception_filters = EXCEPTION_FILTERS
    completion_triggers = (".", ":")
    can_restart = True

    def admit(self, request: LaunchRequest) -> LaunchRequest:
        """Every program whose file is there."""
        request.require_file()
        return request

    async def launch(
        self, request: LaunchRequest, bus: EventBus, client: ClientDoor
    ) -> DebugCoordinator:
        """Make a debuggee on the loop's thread."""
        coordinator: DebugCoordinator
        debuggee = LuaDebuggee(
            request.settings,
            lambda event: coordinator.listen(event),
            program=request.program.path,
        )
        coordinator = DebugCoordinator(debuggee, bus)
        return coordinator

    async def attach(self, request: AttachRequest, client: ClientDoor) -> DebugCoordinator:
        """There is nothing to attach to."""
        raise UserError("Nothing runs in memory that could be attached to.")

    def interrupt_children(self) -> None:
        """They would be children of the tests."""

    async def configured(self) -> None:
        """Nothing waits for that."""


class Scenario:
    """A program in files of its own, and a client that debugs it.

    ``files`` are further files of the program, by name. Marks (``-- @name``) may stand in any of
    them; `line` and `break_at` find them. What is not here is asked of ``client``.
    """

    def __init__(
        self,
        client: DapClient,
        folder: Path,
        text: str,
        files: Mapping[str, str],
        lua: str,
        hooks: str,
    ) -> None:
        self.client = client
        self.folder = folder
        self.lua = lua
        self.hooks = hooks
        self.configuration: dict[str, Any] = {"lua": lua, "cwd": str(folder)}
        self._marks: dict[str, tuple[Path, int]] = {}
        self._is_started = False
        self.path = self.write("main.lua", text)
        for name, content in files.items():
            self.write(name, content)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the program, its common indentation taken away; note its marks."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = textwrap.dedent(text).lstrip("\n")
        path.write_text(content, "utf-8", newline="")
        for number, line in enumerate(content.split("\n"), 1):
            for mark in _MARK.findall(line):
                self._marks[mark] = (path, number)
        return path

    def line(self, mark: str) -> int:
        """The line a mark stands on."""
        return self._marks[mark][1]

    # --- verbs ------------------------------------------------------------------------------------

    def break_at(self, mark: str, **conditions: str) -> list[dap.Breakpoint]:
        """A breakpoint on a marked line; ``condition``, ``hit_condition``, ``log_message``."""
        path, line = self._marks[mark]
        return self.client.break_at(path, line, **conditions)

    def stop_on(self, *filters: str, **options: str) -> None:
        """Stop on errors: filters by name, or with a condition: ``caught="err == 1"``."""
        self._start()
        self.client.requests.set_exception_breakpoints(
            filters=list(filters),
            filter_options=[
                dap.ExceptionFilterOptions(filter_id=name, condition=condition)
                for name, condition in options.items()
            ],
        )

    def start(self, **configuration: Any) -> None:
        """Initialize and launch, but do not let the program go."""
        self.configuration.update(configuration)
        self._start()

    def _start(self) -> None:
        if not self._is_started:
            self._is_started = True
            self.client.start("launch", {"program": str(self.path), **self.configuration})

    def run(self, **configuration: Any) -> Stop:
        """Start the program and wait for its first stop."""
        self.configuration.update(configuration)
        self._start()
        stop = self.client.run()
        assert stop is not None, f"ended without a stop: {self.client.output()}"
        return stop

    def run_to_end(self, **configuration: Any) -> int | None:
        """Start the program if it has not been, let it run past no stop; its exit status."""
        if self.client.stop is None and self.client.exit_code is None:
            self.configuration.update(configuration)
            self._start()
            assert self.client.run() is None, "stopped where it should not"
            return self.client.exit_code
        return self.client.run_to_end()

    def lines(self, verb: str, times: int) -> list[int | str]:
        """Repeat ``step_over``, ``step_in``, ``step_out`` or ``continue_``: where each stops."""
        found: list[int | str] = []
        for _ in range(times):
            stop = getattr(self.client, verb)()
            found.append(self.at(stop))
        return found

    def walk(self, words: str) -> str:
        """Go by words: ``over``, ``in``, ``out``, ``go``; the marks it stops at, or ``end``."""
        found = []
        for word in words.split():
            try:
                stop = getattr(self.client, _VERBS[word])()
            except ProgramEnded:
                found.append("end")
            else:
                found.append(str(self.at(stop)))
        return " ".join(found)

    def at(self, stop: Stop) -> int | str:
        """The mark on the line of a stop, or its number."""
        for mark, (path, line) in self._marks.items():
            if line == stop.line and (stop.path is None or Path(stop.path).name == path.name):
                return mark
        return stop.line or 0

    def names(self) -> list[str]:
        """The functions of the stack, innermost first."""
        return [frame.name for frame in self.client.stack()]

    def scopes(self, frame: int | None = None) -> dict[str, dap.Scope]:
        """The scopes of a frame (the one the program stands in), by name."""
        where = self.client.stop.frame.id if frame is None else frame
        return {each.name: each for each in self.client.requests.scopes(frame_id=where).scopes}

    def variable(self, name: str, scope: str = "Locals", frame: int | None = None) -> dap.Variable:
        """A variable of a scope, with all that is told of it."""
        reference = self.scopes(frame)[scope].variables_reference
        found = {each.name: each for each in self.client.variables(reference)}
        return found[name]

    def __getattr__(self, name: str) -> Any:
        """Everything else is the client's."""
        return getattr(self.client, name)


def make_client(transport: str, port: int | None) -> DapClient:
    """A client at an adapter reached by ``transport``; every frame is checked."""
    if transport == "memory":
        return DapClient.in_memory(MemoryHost(), check=check_frame, deadline=DEADLINE)
    if transport == "stdio":
        return DapClient.spawn(
            [sys.executable, "-m", "dap_server"], check=check_frame, deadline=DEADLINE
        )
    assert port is not None
    return DapClient.connect(port, check=check_frame, deadline=DEADLINE)
