"""DapClient: debug a program from plain Python, for tests and tools.

::

    with DapClient.spawn(["llmspell", "dap"]) as client:
        client.break_at("fib.lua", 3)
        stop = client.launch("fib.lua")
        assert client.locals()["n"] == "10"
        client.step_over()
        assert client.run_to_end() == 0
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dap_server.client.connection import Connection, ProcessConnection, SocketConnection
from dap_server.client.errors import ClientError, ProgramEnded
from dap_server.client.frames import Check, Frame, FrameExchange, Message
from dap_server.client.requests import Requests
from dap_server.protocol import generated as dap

if TYPE_CHECKING:
    from dap_server.host import DebugHost

DEADLINE = 10.0
"""Seconds to wait for anything, unless said otherwise. Only failing takes that long."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why the program stopped; ``frame`` is the innermost one, if there is any."""

    reason: str
    thread: int
    text: str | None
    description: str | None
    breakpoints: tuple[int, ...]
    frame: dap.StackFrame | None = field(repr=False)

    @property
    def line(self) -> int | None:
        """The line it stands at."""
        return self.frame.line if self.frame else None

    @property
    def path(self) -> str | None:
        """The file it stands in; None for chunks that are no file."""
        return self.frame.source.path if self.frame and self.frame.source else None

    @property
    def function(self) -> str | None:
        """The name of the function it stands in."""
        return self.frame.name if self.frame else None


class DapClient:
    """A debug session, seen from an editor's side. Everything blocks, up to ``deadline`` seconds.

    ``requests`` has a typed method for every request of the specification; the methods here are
    what one usually wants. ``stop`` is where the program stands, None while it runs.
    """

    def __init__(
        self, connection: Connection, *, deadline: float = DEADLINE, check: Check | None = None
    ) -> None:
        self.deadline = deadline
        self.frames = FrameExchange(connection, check)
        self.requests = Requests(self.ask)
        self.capabilities: dap.Capabilities | None = None
        self.stop: Stop | None = None
        self.exit_code: int | None = None
        self._starting: tuple[str, int] | None = None
        self._breakpoints: dict[str, list[dap.SourceBreakpoint]] = {}

    @classmethod
    def connect(
        cls,
        port: int,
        host: str = "127.0.0.1",
        *,
        deadline: float = DEADLINE,
        **rest: Any,  # noqa: ANN401
    ) -> Self:
        """Talk to an adapter that listens on TCP."""
        return cls(SocketConnection(host, port, deadline), deadline=deadline, **rest)

    @classmethod
    def spawn(
        cls,
        command: Sequence[str],
        *,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        deadline: float = DEADLINE,
        **rest: Any,  # noqa: ANN401
    ) -> Self:
        """Start an adapter that speaks on its standard input and output."""
        connection = ProcessConnection(command, cwd, env, deadline)
        return cls(connection, deadline=deadline, **rest)

    @classmethod
    def in_memory(
        cls,
        host: "DebugHost",
        *,
        progress_after: float = 1.0,
        deadline: float = DEADLINE,
        **rest: Any,  # noqa: ANN401
    ) -> Self:
        """Talk to a session over ``host`` that runs in this process, on a thread of its own."""
        # The adapter itself is only loaded where it is needed.
        from dap_server.client.memory import MemoryConnection

        return cls(MemoryConnection(host, progress_after), deadline=deadline, **rest)

    # --- frames ---------------------------------------------------------------------------------

    @property
    def transcript(self) -> list[Frame]:
        """Every frame so far, in both directions."""
        return self.frames.transcript

    def send(self, command: str, arguments: Message | None = None) -> int:
        """Send a request and go on; its number is for `result`."""
        return self.frames.request(command, arguments)

    def result(self, command: str, number: int) -> Message:
        """The body of the answer to a request that was sent; raises `RequestFailed`."""
        return self.frames.body(command, number, self.deadline)

    def ask(self, command: str, arguments: Message | None = None) -> Message:
        """Send a request and wait for the body of its answer; raises `RequestFailed`."""
        return self.result(command, self.send(command, arguments))

    def wait_for(
        self,
        event: str,
        where: Callable[[Message], bool] | None = None,
        deadline: float | None = None,
    ) -> Message:
        """The body of the next event of this name, of those for which ``where`` is true."""
        return self.frames.event(event, deadline or self.deadline, where)

    def output(self, category: str | None = None) -> str:
        """All that was written so far, in a category (``stdout``, ``stderr``…) or in all."""
        return "".join(
            body["output"]
            for body in self.frames.received("output")
            if category is None or body.get("category", "console") == category
        )

    # --- life -----------------------------------------------------------------------------------

    def initialize(self, **client: Any) -> dap.Capabilities:  # noqa: ANN401
        """Agree on how to talk; keywords are those of `Requests.initialize`."""
        said = {
            "adapter_id": "llmspell",
            "client_id": "dap_client",
            "client_name": "DapClient",
            "supports_variable_type": True,
            "supports_variable_paging": True,
            "supports_memory_references": True,
            "supports_invalidated_event": True,
            "supports_progress_reporting": True,
            "supports_ansi_styling": True,
        }
        self.capabilities = self.requests.initialize(**{**said, **client})
        self.wait_for("initialized")
        return self.capabilities

    def start(self, request: str, configuration: Message) -> None:
        """Send ``launch`` or ``attach`` and set the breakpoints; `run` lets the program go."""
        if self.capabilities is None:
            self.initialize()
        self._starting = request, self.send(request, configuration)
        for path in self._breakpoints:
            self._send_breakpoints(path)

    def run(self) -> Stop | None:
        """Say that all is configured, and wait until the program stops; None if it ends."""
        if self._starting is None:
            raise ClientError("Nothing was launched or attached to.")
        request, number = self._starting
        done = self.send("configurationDone")
        self.result(request, number)
        self.result("configurationDone", done)
        return self.wait_for_stop()

    def launch(self, program: str | os.PathLike[str], **configuration: Any) -> Stop | None:  # noqa: ANN401
        """Start a program and wait until it stops; None if it ends without stopping."""
        self.start("launch", {"program": os.fspath(program), **configuration})
        return self.run()

    def attach(self, **configuration: Any) -> None:  # noqa: ANN401
        """Debug a program that runs; it goes on running."""
        self.start("attach", configuration)
        assert self._starting is not None
        self.result(*self._starting)
        self.requests.configuration_done()

    def disconnect(self, terminate: bool | None = None) -> None:
        """End the session, and the program with it if it was launched or ``terminate`` says so."""
        self.requests.disconnect(terminate_debuggee=terminate)

    def close(self) -> None:
        """Hang up."""
        self.frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- breakpoints ----------------------------------------------------------------------------

    def break_at(
        self,
        path: str | os.PathLike[str],
        *lines: int,
        condition: str | None = None,
        hit_condition: str | None = None,
        log_message: str | None = None,
    ) -> list[dap.Breakpoint]:
        """Add breakpoints to a file; the answers are those of this file's breakpoints, all of them.

        Before `launch` or `attach` they are only remembered, and the list is empty.
        """
        known = self._breakpoints.setdefault(os.path.abspath(path), [])
        known += [
            dap.SourceBreakpoint(
                line=line,
                condition=condition,
                hit_condition=hit_condition,
                log_message=log_message,
            )
            for line in lines
        ]
        if self._starting is None:
            return []
        return self.set_breakpoints(path, *known)

    def set_breakpoints(
        self, path: str | os.PathLike[str], *breakpoints: dap.SourceBreakpoint
    ) -> list[dap.Breakpoint]:
        """Replace the breakpoints of a file."""
        path = os.path.abspath(path)
        self._breakpoints[path] = list(breakpoints)
        body = self.result("setBreakpoints", self._send_breakpoints(path))
        return dap.SetBreakpointsResponseBody.model_validate(body).breakpoints

    def _send_breakpoints(self, path: str) -> int:
        source = dap.Source(name=os.path.basename(path), path=path)
        wanted = dap.SetBreakpointsArguments(source=source, breakpoints=self._breakpoints[path])
        return self.send("setBreakpoints", wanted.wire())

    # --- running --------------------------------------------------------------------------------

    def wait_for_stop(self) -> Stop | None:
        """Where the program stops next; None if it ends, with its exit code in ``exit_code``."""
        self.stop = None
        name, body = self.frames.first_event(("stopped", "exited", "terminated"), self.deadline)
        if name != "stopped":
            self.exit_code = body.get("exitCode")
            if name == "exited":
                self.wait_for("terminated")
            return None
        thread = body.get("threadId", 0)
        frames = self.requests.stack_trace(thread_id=thread, levels=1).stack_frames
        self.stop = Stop(
            body["reason"],
            thread,
            body.get("text"),
            body.get("description"),
            tuple(body.get("hitBreakpointIds", ())),
            frames[0] if frames else None,
        )
        return self.stop

    def continue_(self) -> Stop:
        """Run to the next stop; raises `ProgramEnded` if there is none."""
        self.requests.continue_(thread_id=self._thread())
        return self._next_stop()

    def step_over(self) -> Stop:
        """Step over; raises `ProgramEnded` if the program ends."""
        self.requests.next(thread_id=self._thread())
        return self._next_stop()

    def step_in(self, target: int | None = None) -> Stop:
        """Step in; raises `ProgramEnded` if the program ends."""
        self.requests.step_in(thread_id=self._thread(), target_id=target)
        return self._next_stop()

    def step_out(self) -> Stop:
        """Step out; raises `ProgramEnded` if the program ends."""
        self.requests.step_out(thread_id=self._thread())
        return self._next_stop()

    def pause(self, thread: int = 1) -> Stop:
        """Stop a running program."""
        self.requests.pause(thread_id=thread)
        return self._next_stop()

    def run_to_end(self) -> int | None:
        """Continue past every stop; the exit code."""
        while self.stop is not None or self.exit_code is None:
            if self.stop is not None:
                self.requests.continue_(thread_id=self.stop.thread)
            if self.wait_for_stop() is None:
                break
        return self.exit_code

    def _next_stop(self) -> Stop:
        stop = self.wait_for_stop()
        if stop is None:
            raise ProgramEnded(self.exit_code)
        return stop

    def _thread(self) -> int:
        return self._stop().thread

    def _stop(self) -> Stop:
        if self.stop is None:
            raise ClientError("The program is not stopped.")
        return self.stop

    # --- looking --------------------------------------------------------------------------------

    def stack(self, thread: int | None = None) -> list[dap.StackFrame]:
        """All frames of a thread, the innermost first."""
        number = self._thread() if thread is None else thread
        return self.requests.stack_trace(thread_id=number).stack_frames

    def scope(self, name: str = "Locals", frame: int | None = None) -> dict[str, str]:
        """The variables of a scope of a frame and their values as shown."""
        scopes = self.requests.scopes(frame_id=self._frame(frame)).scopes
        for scope in scopes:
            if scope.name == name:
                return self.children(scope.variables_reference)
        raise ClientError(f"There is no scope {name}; there are {[each.name for each in scopes]}.")

    def locals(self, frame: int | None = None) -> dict[str, str]:
        """The locals of a frame and their values as shown."""
        return self.scope("Locals", frame)

    def variables(self, reference: int) -> list[dap.Variable]:
        """All children of a container."""
        return self.requests.variables(variables_reference=reference).variables

    def children(self, reference: int) -> dict[str, str]:
        """All children of a container and their values as shown."""
        return {each.name: each.value for each in self.variables(reference)}

    def evaluate(self, expression: str, frame: int | None = None, context: str = "watch") -> str:
        """The value of an expression as shown, in the frame where the program stands if it does."""
        return self.requests.evaluate(
            expression=expression, frame_id=self._frame(frame, must=False), context=context
        ).result

    def set_variable(self, name: str, value: str, scope: str = "Locals") -> str:
        """Change a variable where the program stands; its new value as shown."""
        for each in self.requests.scopes(frame_id=self._frame(None)).scopes:
            if each.name == scope:
                return self.requests.set_variable(
                    variables_reference=each.variables_reference, name=name, value=value
                ).value
        raise ClientError(f"There is no scope {scope}.")

    def _frame(self, frame: int | None, must: bool = True) -> Any:  # noqa: ANN401
        if frame is not None:
            return frame
        here = self.stop.frame if self.stop else None
        if here is None and must:
            raise ClientError("The program is not stopped in any frame.")
        return here.id if here else None
