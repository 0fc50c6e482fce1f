"""The ``place`` fixture: a kernel of every kind, reached in every way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.kernels import LUA, TOY, WAYS, Place, Probe, Speech, parts_of

Open = Callable[..., Awaitable[Place]]


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every promise over every way, in the toy and in Lua; those marked ``toy`` in the toy."""
    if "way" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("ways")
        metafunc.parametrize("way", marker.args if marker else WAYS)
    if "speech" in metafunc.fixturenames:
        only_toy = metafunc.definition.get_closest_marker("toy")
        languages = [TOY] if only_toy else getattr(metafunc.module, "SPEECHES", [TOY, LUA])
        metafunc.parametrize("speech", languages, ids=lambda each: each.name)


@pytest.fixture
async def open_place(
    way: str,
    speech: Speech,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    anyio_backend: str,
) -> AsyncIterator[Open]:
    """Makes a kernel with other parts than usual."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    made: list[Place] = []

    async def make(**parts: Any) -> Place:
        made.append(Place(way, speech, tmp_path, parts_of(speech, **parts)))
        return await made[-1].open()

    yield make
    for each in made:
        await each.close()


@pytest.fixture
async def place(open_place: Open) -> Place:
    """A kernel."""
    return await open_place()


@pytest.fixture
async def probe(place: Place) -> Probe:
    """A client of it."""
    return await place.connect()
