"""Widgets of scripts, against ipywidgets' own code: what it makes of our messages."""

from collections.abc import Iterator
from typing import Any

import pytest

ipywidgets = pytest.importorskip("ipywidgets", reason="needs the extra jupyter-tests")

from ipywidgets.widgets.widget import Widget, _put_buffers  # noqa: E402 - behind the check
from jupyter_client.manager import start_new_kernel  # noqa: E402

DEADLINE = 60
SLIDER = """
slider = Comm.open("jupyter.widget", { state = {
    _model_module = "@jupyter-widgets/controls", _model_module_version = "2.0.0",
    _model_name = "IntSliderModel",
    _view_module = "@jupyter-widgets/controls", _view_module_version = "2.0.0",
    _view_name = "IntSliderView",
    value = 3, min = 0, max = 10, description = "Size",
} })
slider:on_message(function(data)
    if data.method == "update" then print("now " .. data.state.value) end
end)
display { ["application/vnd.jupyter.widget-view+json"] = {
    version_major = 2, version_minor = 0, model_id = slider.id,
} }
"""
IMAGE = """
picture = Comm.open("jupyter.widget", { state = {
    _model_module = "@jupyter-widgets/controls", _model_module_version = "2.0.0",
    _model_name = "ImageModel", value = "\\255\\216\\0\\1",
} })
"""


class _Comm:
    """What ipywidgets needs of a comm."""

    kernel = None

    def __init__(self, comm_id: str) -> None:
        self.comm_id = comm_id
        self.sent: list[dict[str, Any]] = []

    def on_msg(self, callback: object) -> None:
        """Nobody says anything."""

    def send(self, data: dict[str, Any], **_: object) -> None:
        """What it would tell the front end."""
        self.sent.append(data)


class _Notebook:
    """A front end: what it says to the kernel, and what it hears."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, code: str) -> list[dict[str, Any]]:
        """All that is published about a cell."""
        return self._heard(self.client.execute(code))

    def say(self, kind: str, content: dict[str, Any]) -> list[dict[str, Any]]:
        """All that is published about a comm's message."""
        message = self.client.session.msg(kind, content)
        self.client.shell_channel.send(message)
        return self._heard(message["header"]["msg_id"])

    def states(self) -> dict[str, Any]:
        """What a page that is loaded anew is told of the widgets there are."""
        opening = {"comm_id": "ctl", "target_name": "jupyter.widget.control", "data": {}}
        self.say("comm_open", opening)
        asked = {"comm_id": "ctl", "data": {"method": "request_states"}}
        (answer,) = _of(self.say("comm_msg", asked), "comm_msg")
        data = answer["content"]["data"]
        assert "update_states" == data["method"]
        assert isinstance(data["buffer_paths"], list)
        _put_buffers(data["states"], data["buffer_paths"], answer["buffers"])
        states: dict[str, Any] = data["states"]
        return states

    def _heard(self, request: str) -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=DEADLINE)
            if message["parent_header"].get("msg_id") != request:
                continue
            heard.append(message)
            if message["content"].get("execution_state") == "idle":
                return heard


@pytest.fixture
def notebook() -> Iterator[_Notebook]:
    """With a kernel of its own."""
    manager, client = start_new_kernel(kernel_name="llmspell", startup_timeout=DEADLINE)
    yield _Notebook(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_ipywidgets_reads_what_a_script_opens(notebook: _Notebook) -> None:
    """Its Python side makes the widget of our message that the script meant."""
    heard = notebook.run(SLIDER)
    (opened,) = _of(heard, "comm_open")
    (shown,) = _of(heard, "display_data")
    comm = _Comm(opened["content"]["comm_id"])
    Widget.handle_comm_opened(comm, opened)
    (slider,) = [each for each in Widget.widgets.values() if each.model_id == comm.comm_id]
    assert (3, 0, 10, "Size") == (slider.value, slider.min, slider.max, slider.description)
    view = shown["content"]["data"]["application/vnd.jupyter.widget-view+json"]
    assert comm.comm_id == view["model_id"]
    slider.comm = None


def test_both_sides_change_it(notebook: _Notebook) -> None:
    """What a front end changes the script hears, and all front ends; and the other way round."""
    (opened,) = _of(notebook.run(SLIDER), "comm_open")
    name = opened["content"]["comm_id"]
    update = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    heard = notebook.say("comm_msg", {"comm_id": name, "data": update})
    (echo,) = _of(heard, "comm_msg")
    assert {**update, "method": "echo_update"} == echo["content"]["data"]
    assert ["now 7\n"] == [each["content"]["text"] for each in _of(heard, "stream")]
    told = _of(notebook.run("slider:send { method = 'update', state = { max = 20 } }"), "comm_msg")
    wanted = {"method": "update", "state": {"max": 20}, "buffer_paths": []}
    assert [wanted] == [each["content"]["data"] for each in told]
    assert (7, 20) == tuple(notebook.states()[name]["state"][each] for each in ("value", "max"))


def test_a_page_that_is_loaded_anew_finds_all(notebook: _Notebook) -> None:
    """Models with their modules and states, bytes too; those that were closed are gone."""
    (slider,) = _of(notebook.run(SLIDER), "comm_open")
    (picture,) = _of(notebook.run(IMAGE), "comm_open")
    assert [["value"]] == picture["content"]["data"]["buffer_paths"]
    states = notebook.states()
    first, second = (states[each["content"]["comm_id"]] for each in (slider, picture))
    assert ("IntSliderModel", "@jupyter-widgets/controls", "2.0.0", 3) == (
        first["model_name"],
        first["model_module"],
        first["model_module_version"],
        first["state"]["value"],
    )
    assert b"\xff\xd8\0\1" == bytes(second["state"]["value"])
    notebook.run("slider:close()")
    assert [picture["content"]["comm_id"]] == list(notebook.states())


def _of(heard: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in heard if each["msg_type"] == kind]
