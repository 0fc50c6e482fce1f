"""Host: what the probe calls; sets up and runs the script. All of it on the Lua thread."""

import asyncio
import codecs
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from kernel.core import model as m
from kernel.core.ids import BreakpointId, ThreadId
from kernel.core.settings import DebugSettings
from kernel.events import model as e
from kernel.execution.engine import Cell
from lua_debug.breakpoints import BreakpointTable
from lua_debug.calls import begin_script, lua_text
from lua_debug.chunks import Form
from lua_debug.closing import close_runtime, close_state
from lua_debug.commands import encode
from lua_debug.console import Console
from lua_debug.crossing import read_results
from lua_debug.doors import Doors
from lua_debug.hook_choice import install_hooks
from lua_debug.host_functions import HostFunctions
from lua_debug.interrupt import resume_anew
from lua_debug.last_words import folded
from lua_debug.loaded_sources import LoadedSources
from lua_debug.memory_limit import MemoryLimit
from lua_debug.output import Teller, Written
from lua_debug.probe_files import load_probe
from lua_debug.processes import Processes
from lua_debug.sources import Sources
from lua_debug.texts import Texts
from lua_debug.thread import LuaThread
from lua_debug.versions import LuaVersion


class Host:
    """The Python half of the probe."""

    def __init__(
        self,
        version: LuaVersion,
        settings: DebugSettings,
        thread: LuaThread,
        sources: Sources,
        table: BreakpointTable,
        teller: Teller,
        console: Console | None,
        functions: Mapping[str, Any],
        host_functions: HostFunctions,
    ) -> None:
        self._version = version
        self._more_functions = functions
        self._host_functions = host_functions
        self._settings = settings
        self._thread = thread
        self._sources = sources
        self._table = table
        self._tell = teller.tell
        self._console = console
        self._output = teller.output
        make_decoder = codecs.getincrementaldecoder("utf-8")
        # A character may come in two writes: its beginning waits for the rest.
        self._decoders = defaultdict[str, codecs.IncrementalDecoder](
            lambda: make_decoder("backslashreplace")
        )
        self.loaded = LoadedSources(sources, teller.tell)
        self.exception_filters: list[dict[str, Any]] = []
        self.before_end: Callable[[int], object] = lambda _: None
        """Called with its exit status when a program has run and its runtime is still there."""
        self._exit_code: int | None = None
        self._is_killed = self._is_ending = False
        self._memory = MemoryLimit(settings.max_memory_mb)
        self._runtime: Any = None
        self.probe: Any = None
        self._doors = Doors(self._functions())

    # --- life (jobs of the Lua thread) ------------------------------------------------------------

    def prepare(self, ready: "asyncio.Future[None]") -> None:
        """Make the runtime and load the probe; tells ``ready``."""
        loop = ready.get_loop()
        try:
            self._runtime = self._memory.make_runtime(self._version)
            self.probe = load_probe(
                self._runtime, self._version, self._doors, self._probe_settings()
            )
            self._thread.run_command = self.probe.at_the_edge(self.probe.run_command)
            self._thread.interrupt = install_hooks(self._version, self._runtime, self.probe)
            self._thread.end_reading = self._end_waiting
            if self._version.is_jit:
                self._thread.wake_evaluation = self._thread.interrupt
            self._set_paths()
            self.probe.install(self._runtime.globals())
            self._host_functions.install(self.probe)
            command = encode(self._table.command())
            self._thread.run_command(command)
            self.probe.begin_limit()
        except Exception as error:
            loop.call_soon_threadsafe(ready.set_exception, error)
        else:
            loop.call_soon_threadsafe(ready.set_result, None)

    def adopt(self, settings: DebugSettings) -> DebugSettings:
        """Take over what another client wants to see; on the loop's thread. All that holds now."""
        self._settings = replace(
            self._settings,
            path_mappings=settings.path_mappings,
            skip_files=settings.skip_files,
            just_my_code=settings.just_my_code,
            display=settings.display,
        )
        self._thread.post("adopt", **asdict(settings.display))
        return self._settings

    def run(self, program: m.Program) -> None:
        """Run the script to its end and tell `Exited`."""
        problem = None
        try:
            with self._thread.running_script():
                name = program.name or program.path
                self._host_functions.begin(name, program.args)
                words = map(lua_text, (name, *program.args))
                run = self.probe.at_the_edge(self.probe.run_program)
                problem = run(program.stop_on_entry and program.debug, *words)
                run = None  # it would keep the runtime
        except MemoryError:  # lupa's has no words
            problem = "not enough memory"
        except Exception as error:  # lupa raises what no handler of ours could catch
            problem = str(error)
        self._memory.lift()
        self._is_killed = bool(self.probe.dying)
        if self._exit_code is None:
            self._exit_code = 0 if problem is None else 1
        if problem:
            for text, group in folded(f"llmspell: {problem}\n"):
                self.output(text, "stderr", "", 0, group)
        if not self._is_killed:
            with self._thread.running_script():
                self.before_end(self._exit_code)
            self._close()
        self._tell_end(self._exit_code)
        self._close()

    def run_cell(self, code: bytes, cell: Cell) -> dict[str, Any]:
        """Run this code for a cell; how it ended (probe/cells.lua), with its ``values`` as data."""
        try:
            with self._thread.running_script():
                begin_script(self._runtime, self.probe, self._host_functions, cell)
                run, text = self.probe.at_the_edge(self.probe.run_cell), code.decode("latin-1")
                path, *words = map(lua_text, (cell.path, *cell.arguments))
                how = cell.number, cell.stores_result, cell.tells_values
                said, packed = run(*how, path, text, *words)
                told = json.loads(said.encode("latin-1"))
                return {**told, "values": packed and read_results(packed)}
        except Exception as error:  # lupa raises what no handler of ours could catch
            problem = "not enough memory" if isinstance(error, MemoryError) else str(error)
        finally:
            self._host_functions.cancel_waits()
        return {"error": {"message": problem, "traceback": ""}}

    def end(self) -> None:
        """There will be no more cells: let finalizers run, and tell `Exited`."""
        self._close()
        self._tell_end(0)

    def drain(self) -> None:
        """Collect what the script has written, C's own buffer included: it ends, or waits."""
        if self._console is not None:
            self._console.drain()

    def _tell_end(self, code: int) -> None:
        self._output.close()
        self.drain()
        self._tell(e.Exited(code))

    def _close(self) -> None:
        """Let finalizers run and give the memory back."""
        runtime, self._runtime, self.probe = self._runtime, None, None
        self._memory.lift()
        if runtime is not None:
            self._host_functions.close()
            self._thread.forget_runtime()
            close_runtime(self._version, runtime)

    def _set_paths(self) -> None:
        package, asked = self._runtime.globals().package, self._settings
        for field, additions in (("path", asked.lua_path), ("cpath", asked.lua_cpath)):
            if additions:
                package[field] = ";".join([*map(lua_text, additions), package[field]])

    def _probe_settings(self) -> Mapping[str, Any]:
        return {
            "output": "tell" if self._console is None else "mark",
            "memory_limit": (self._settings.max_memory_mb or 0) * 1024 * 1024 or None,
            "label": self._version.label,
            "lua": self._settings.lua,
            "libraries": self._settings.libraries,
            "no_c_modules": None if self._settings.libraries == "closed" else self._version.offer(),
            **asdict(self._settings.display),
        }

    # --- called by the probe ----------------------------------------------------------------------

    def _functions(self) -> Mapping[str, Any]:
        return {
            "next": self._thread.next_command,
            "poll": self._thread.poll,
            "answer": self._thread.answer,
            "cancelled": self._thread.is_taken_back,
            "has_end": self._thread.has_end,
            "emit": self.emit,
            "output": self.output,
            "mark": self.mark,
            "logs_wait": self._thread.flush_logs_soon,
            "source_of": self.source_of,
            "origins_of": self.origins_of,
            "load": self.load,
            "wants": self._table.wants,
            "arming": lambda: encode(self._table.command()),
            "exchanges": lambda: encode({"offers": self._table.exchanges()}),
            "exchanged": self._table.exchanged,
            "required": self.loaded.required,
            "exit": self.exit,
            "close_and_exit": self.close_and_exit,
            "limit_memory": self._memory.hold,
            "resume_anew": self.resume_anew,
            "log": self.log,
            "reading": self.reading,
            **Texts(self._version, self._sources, self._table).functions(),
            **Processes().functions(),
            **self._more_functions,
            **self._host_functions.functions(),
        }

    def emit(self, text: str) -> None:
        """An event of the probe, as JSON."""
        event = json.loads(text.encode("latin-1"))
        match event["event"]:
            case "stopped":
                self._thread.begin_serving()
                numbers = tuple(BreakpointId(each) for each in event.get("breakpoints") or ())
                self._tell(
                    e.Stopped(
                        ThreadId(event["thread"]),
                        m.StopReason(event["reason"]),
                        event.get("description"),
                        event.get("text"),
                        numbers,
                    )
                )
            case "thread_started":
                self._tell(e.ThreadStarted(ThreadId(event["thread"])))
            case "thread_ended":
                self._tell(e.ThreadEnded(ThreadId(event["thread"])))
            case "breakpoint_lost":
                lost = m.Breakpoint(BreakpointId(event["id"]), False, event["text"])
                self._tell(e.BreakpointChanged(lost))

    def output(
        self, text: str, category: str, raw: str, line: int, group: str | None = None
    ) -> None:
        """The script wrote something."""
        data = text.encode("latin-1")
        if self._console is not None:
            self._console.write(data, category, *self._place(raw, line), group)
            return
        decoded = self._decoders[category].decode(data)
        if decoded or group:
            self._output.put(Written(decoded, category, raw, line, group))

    def mark(self, raw: str, line: int) -> None:
        """The script writes through the descriptors, from this line on."""
        if self._console is not None:
            self._console.mark(*self._place(raw, line))

    def _place(self, raw: str, line: int) -> tuple[m.Source | None, int | None]:
        if not raw or line <= 0:
            return None, None
        at = self._sources.place(raw, line)
        return at.source, at.line

    def as_event(self, it: Written) -> e.OutputWritten:
        """A piece of output as it is told; on the loop's thread."""
        return e.OutputWritten(it.text, it.category, *self._place(it.raw, it.line), it.group)

    def source_of(self, raw: str) -> str:
        """The description of a chunk, as the text of a Lua table."""
        source = self._sources.of(raw)
        return encode(
            {
                "name": source.name,
                "path": source.path,
                "reference": source.reference,
                "origin": source.origin,
                "hint": str(source.hint),
                "module": self.loaded.module_of.get(raw),
                "skip": source.hint is m.SourceHint.DEEMPHASIZE,
                "map": self._sources.originals.number(raw),
            }
        )

    def origins_of(self, raw: str) -> str:
        """What the lines of a chunk with a source map come from, as the text of a Lua table."""
        origins = self._sources.originals.of(raw)
        return "" if origins is None else encode(origins.for_probe())

    def load(self, raw: str, text: str, form: int) -> str:
        """A chunk is being loaded: ``length:command`` and the text with probes, or nothing.

        ``form``: how it comes, a `Form`.
        """
        code = text.encode("latin-1")
        self.loaded.note(raw, code)
        loaded = self._table.load(raw, code, Form(form))
        if loaded.command is None and loaded.text is None:
            return ""
        command = encode(loaded.command) if loaded.command else ""
        probed = loaded.text.decode("latin-1") if loaded.text is not None else ""
        return f"{len(command)}:{command}{probed}"

    def exit(self, code: int) -> None:
        """The script called os.exit."""
        self._exit_code = int(code)

    def close_and_exit(self, code: int) -> None:
        """The script called os.exit and wants all to be closed: this never returns into Lua."""
        self._thread.leave_script()
        close_state(self._version, self._runtime)
        self._tell_end(int(code))
        self._thread.abandon()

    def resume_anew(self, thread: str) -> None:
        """Run a coroutine with a C stack of its own, as Lua counts it; ``thread`` shows it."""
        resume_anew(self._version, int(thread.rpartition(" ")[2], 16))

    def log(self, text: str) -> None:
        """The probe has something to say about itself."""
        self.output(text + "\n", "important", "", 0)

    def reading(self, begins: bool) -> bool:
        """The script waits for its standard input, or did; whether somebody asks meanwhile."""
        if self._console is not None:
            self._console.waits_for_input(begins)
            if begins and self._is_ending:
                self._thread.call_on_loop(self._end_waiting)
        return self._thread.has_mail()

    def end_waiting(self) -> None:
        """The script shall end, so it waits for no input any more; on the loop's thread."""
        self._is_ending = True
        self._end_waiting()

    def _end_waiting(self) -> None:
        if self._console is not None:
            self._console.end_input()

    def feed(self, text: str) -> bool:
        """Give the script a line; on the loop's thread."""
        return self._console is not None and self._console.feed(text)
