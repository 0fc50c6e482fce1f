"""OutputCapture: in order, nothing lost, floods held back."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Never

import pytest

from kernel.core.model import Source
from kernel.execution.output import LIMIT, CaptureMode, Origin, OutputCapture

DEADLINE = 20.0
Room = Callable[[], Awaitable[None]]
HERE = Origin(Source("a.lua", "/a.lua"), 3)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio."""
    return "asyncio"


class Console:
    """Listens to a capture and remembers what it was told."""

    def __init__(self, mode: CaptureMode = CaptureMode.CAPTURE, room: Room | None = None) -> None:
        self.told: list[tuple[str, str, Origin | None]] = []
        self.groups: list[tuple[str, str | None]] = []
        more = (room,) if room else ()
        self.capture = OutputCapture(mode, self._hear, *more)

    def _hear(self, text: str, category: str, origin: Origin | None, group: str | None) -> None:
        self.told.append((text, category, origin))
        self.groups.append((text, group))

    async def __aenter__(self) -> "Console":
        self.capture.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.capture.close()

    async def flush(self) -> None:
        assert await self.capture.flush(DEADLINE)

    def text(self, category: str = "stdout") -> str:
        return "".join(text for text, kind, _ in self.told if kind == category)


def waiting(room: asyncio.Event) -> Room:
    """A client that has no room until the event."""

    async def wait() -> None:
        await room.wait()

    return wait


async def on_another_thread(work: Callable[[], object]) -> None:
    """Do what a script's thread does."""
    await asyncio.wait_for(asyncio.to_thread(work), DEADLINE)


async def test_both_descriptors_are_heard() -> None:
    """Raw writes to 1 and 2 arrive under their category."""
    async with Console() as console:
        os.write(1, b"out\n")
        os.write(2, b"err\n")
        await console.flush()
    assert ("out\n", "err\n") == (console.text("stdout"), console.text("stderr"))


async def test_children_are_heard() -> None:
    """What a child process writes arrives too."""
    async with Console() as console:
        await on_another_thread(lambda: subprocess.run(["echo", "child"], check=True))
        await console.flush()
    assert "child\n" == console.text()


async def test_order_is_that_of_writing() -> None:
    """Engine, descriptor, engine: in the order of writing, whatever way each takes."""
    async with Console() as console:

        def script() -> None:
            capture = console.capture
            for number in range(50):
                os.write(1, f"raw {number}\n".encode())
                capture.write(f"event {number}\n", "stdout", HERE)

        await on_another_thread(script)
        await console.flush()
    expected = "".join(f"raw {n}\nevent {n}\n" for n in range(50))
    assert expected == console.text()
    assert {None, HERE} == {origin for _, _, origin in console.told}


async def test_a_mark_names_the_writer_of_what_follows() -> None:
    """Text in a descriptor belongs to the place marked before it was written."""
    async with Console() as console:

        def script() -> None:
            for line in (3, 4, 4, 3):
                console.capture.mark(Origin(HERE.source, line))
                os.write(1, f"{line}\n".encode())
            console.capture.drain()

        await on_another_thread(script)
        await console.flush()
    by_line = [(origin.line if origin else 0, text) for text, _, origin in console.told]
    assert "3\n4\n4\n3\n" == console.text()
    assert all(set(text.split()) == {str(line)} for line, text in by_line)


async def test_posted_calls_come_after_the_output_before_them() -> None:
    """An event the engine posts is told after what was written earlier, before what comes later."""
    async with Console() as console:

        def script() -> None:
            os.write(1, b"before\n")
            console.capture.post(lambda: console.told.append(("stopped", "event", None)))
            os.write(1, b"after\n")

        await on_another_thread(script)
        await console.flush()
    assert ["before\n", "stopped", "after\n"] == [text for text, _, _ in console.told]


async def test_a_character_cut_in_two_arrives_whole() -> None:
    """A multi-byte character split between two writes is decoded once its rest is there."""
    async with Console() as console:
        euro = "€".encode()
        os.write(1, b"1 " + euro[:1])
        console.capture.write(euro[1:] + b"\n", "stdout")
        await console.flush()
    assert "1 €\n" == console.text()


async def test_bytes_that_are_no_text_are_shown() -> None:
    """Invalid UTF-8 becomes escapes, an unfinished character at the end too."""
    async with Console() as console:
        os.write(1, b"\xff\x00\xe2\x82")
        await console.flush()
    assert "\\xff\x00\\xe2\\x82" == console.text()


async def test_a_flood_is_complete_and_comes_in_few_pieces() -> None:
    """A hundred thousand lines arrive whole, coalesced."""
    lines = 100_000
    async with Console() as console:

        def script() -> None:
            for number in range(lines):
                os.write(1, b"line %d\n" % number)

        await on_another_thread(script)
        await console.flush()
    assert "".join(f"line {n}\n" for n in range(lines)) == console.text()
    assert lines / 20 > len(console.told)


async def test_a_client_that_does_not_read_holds_the_writer_back() -> None:
    """With no room at the client the writer waits, and goes on when there is room."""
    room = asyncio.Event()
    written = []
    async with Console(room=waiting(room)) as console:

        def script() -> None:
            for _ in range(8):
                console.capture.write("x" * LIMIT, "stdout")
                written.append(1)

        thread = threading.Thread(target=script)
        thread.start()
        while not console.told:
            await asyncio.sleep(0)
        await asyncio.to_thread(thread.join, 0.2)
        assert 8 > len(written)
        room.set()
        await asyncio.to_thread(thread.join, DEADLINE)
        await console.flush()
    assert 8 * LIMIT == len(console.text())


async def test_released_writers_do_not_wait() -> None:
    """When the listener is gone nobody waits for room."""
    async with Console(room=waiting(asyncio.Event())) as console:
        console.capture.release()
        await on_another_thread(
            lambda: [console.capture.write("x" * LIMIT, "stdout") for _ in range(4)]
        )


async def test_a_failing_listener_is_not_the_end() -> None:
    """A listener that raises loses its chunk only."""
    told: list[str] = []

    def deliver(text: str, category: str, origin: Origin | None, group: str | None) -> Never:
        told.append(text)
        raise ValueError(text)

    capture = OutputCapture(CaptureMode.NONE, deliver)
    capture.start()
    capture.write("a", "console")
    capture.write("b", "important")
    assert await capture.flush(DEADLINE)
    await capture.close()
    assert ["a", "b"] == told


async def test_tee_passes_everything_on(capfd: pytest.CaptureFixture[str]) -> None:
    """In a terminal the text is seen there and told."""
    async with Console(CaptureMode.TEE) as console:
        os.write(1, b"raw\n")
        await console.flush()
        console.capture.write("written\n", "stdout")
        os.write(2, b"error\n")
        await console.flush()
    assert ("raw\nwritten\n", "error\n") == capfd.readouterr()
    assert "raw\nwritten\n" == console.text()


async def test_none_touches_no_descriptor(capfd: pytest.CaptureFixture[str]) -> None:
    """Where the script owns the terminal, its text is only there."""
    async with Console(CaptureMode.NONE) as console:
        os.write(1, b"mine\n")
        console.capture.write("printed\n", "stdout")
        console.capture.write("told\n", "console")
        await console.flush()
    assert "mine\nprinted\n" == capfd.readouterr().out
    assert [("told\n", "console", None)] == console.told


async def test_descriptors_are_given_back(capfd: pytest.CaptureFixture[str]) -> None:
    """After close, 1 and 2 lead to where they led, and no descriptor is left over."""
    before = len(os.listdir("/dev/fd"))
    async with Console() as console:
        await console.flush()
    os.write(1, b"back\n")
    assert "back\n" == capfd.readouterr().out
    assert before == len(os.listdir("/dev/fd"))


LINE = """
import ctypes, os
from kernel.execution.streams import CStdout
stdout = CStdout()
stdout.buffer(lines=True)
put = lambda text: ctypes.CDLL(None).fputs(text, stdout._file)
put(b"be")
put(b"gun")
os.write(1, b"|")
put(b"\\n")
os.write(1, b"|")
put(b"rest")
"""


@pytest.mark.parametrize("options", [[], ["-u"]], ids=["buffered", "unbuffered"])
def test_c_writes_whole_lines(options: list[str]) -> None:
    """What C prints in pieces is written as a line, also where Python runs without buffers."""
    program = [sys.executable, *options, "-c", LINE]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    told = subprocess.run(program, env=environment, capture_output=True, timeout=DEADLINE)
    assert (b"|begun\n|rest", b"") == (told.stdout, told.stderr)


async def test_groups_keep_their_place() -> None:
    """What begins or ends one joins nothing, and stands between what is inside and what is not."""
    async with Console() as console:

        def work() -> None:
            os.write(2, b"before\n")
            console.capture.write(b"head\n", "stderr", None, "startCollapsed")
            os.write(2, b"inside\n")
            console.capture.write(b"", "stderr", None, "end")
            os.write(2, b"behind\n")

        await on_another_thread(work)
        await console.flush()
    assert [
        ("before\n", None),
        ("head\n", "startCollapsed"),
        ("inside\n", None),
        ("", "end"),
        ("behind\n", None),
    ] == console.groups


async def test_a_terminal_has_a_group_as_text() -> None:
    """What goes where it always went goes there whole, and is not told."""
    async with Console(CaptureMode.NONE) as console:
        await on_another_thread(lambda: console.capture.write(b"", "stdout", None, "end"))
        await console.flush()
    assert [] == console.groups
