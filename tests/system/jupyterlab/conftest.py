"""One server for all stories; each has a notebook and a page of its own."""

from collections.abc import Callable, Iterator

import pytest

from tests.system.conftest import PICTURES
from tests.system.jupyterlab.server import LabServer, missing, serve


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """The server, or a skip that says what it lacks."""
    if lacking := missing():
        pytest.skip(f"{lacking}: no story is told in JupyterLab")
    with serve(tmp_path_factory.mktemp("jupyterlab")) as server:
        yield server


@pytest.fixture
def lab(lab_server: LabServer, window) -> Callable:
    """Opens a notebook with these cells, when its kernel is there."""
    from tests.system.jupyterlab.lab import Lab

    def begin(name: str, *cells: str) -> Lab:
        page = window.new_page()
        page.goto(lab_server.write(f"{name}.ipynb", *cells))
        opened = Lab(page, PICTURES)
        opened.wait_for_kernel()
        return opened

    return begin
