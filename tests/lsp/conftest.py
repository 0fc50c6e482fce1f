"""Stories of the language server, over the transport that the run was asked for."""

from collections.abc import Iterator

import pytest

from tests.support import editor


@pytest.fixture(scope="session", autouse=True)
def _transport(request: pytest.FixtureRequest) -> Iterator[None]:
    """``--transport`` once: in this process, over pipes or sockets."""
    asked = request.config.getoption("--transport") or ["memory"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(editor, "transport", asked[0])
        yield
