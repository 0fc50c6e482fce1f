"""The generated models: made by the script, complete, and true to the specification's names."""

import importlib
import json
import subprocess
import sys
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from dap_server.protocol import generated as dap
from dap_server.protocol import messages
from dap_server.protocol.model import Model, wire_name
from tests.support.schema import SCHEMA
from tools.generate_protocol import generate

DEFINITIONS: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]


def test_generated_files_are_up_to_date() -> None:
    """Running the script changes nothing."""
    stale = [path.name for path, text in generate().items() if path.read_text("utf-8") != text]
    assert [] == stale


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_definition_is_there(name: str) -> None:
    """Each definition has a model with its fields, under their names on the wire."""
    made = getattr(messages, name, None) or getattr(dap, name)
    definition = DEFINITIONS[name]
    own = definition["allOf"][1] if "allOf" in definition else definition
    if "properties" in own:
        fields = {wire_name(field) for field in made.model_fields}
        assert set(own["properties"]) <= fields
    elif "enum" in own:
        assert tuple(own["enum"]) == get_args(made)


def test_every_model_can_be_built() -> None:
    """Building waits until the first use, and works for all."""
    for module in (dap, messages):
        for made in vars(module).values():
            if isinstance(made, type) and issubclass(made, Model):
                made.model_rebuild()


def test_unknown_keys_are_read_over_and_never_written() -> None:
    """Clients may send more than the specification has; we do not."""
    source = dap.Source.model_validate({"path": "a", "color": "red", "name": None})
    assert {"path": "a"} == source.wire()


def test_what_must_be_there_is_written_even_if_nothing() -> None:
    """A required null is written."""
    body = dap.DataBreakpointInfoResponseBody(data_id=None, description="no")
    assert {"dataId": None, "description": "no"} == body.wire()


@pytest.mark.parametrize("number", [2**31, -1, "x", None])
def test_numbers_out_of_range(number: object) -> None:
    """Numbers have the specification's ranges."""
    with pytest.raises(ValidationError):
        dap.VariablesArguments.model_validate({"variablesReference": number})


def test_seq_may_be_zero() -> None:
    """Some clients begin to count at 0, against the specification."""
    read = messages.ThreadsRequest.model_validate(
        {"seq": 0, "type": "request", "command": "threads"}
    )
    assert 0 == read.seq


def test_sessions_do_not_load_what_they_do_not_need() -> None:
    """The envelopes are for clients; loading them costs as much as all the rest."""
    code = (
        "import sys, dap_server.client_session; "
        "print([name for name in sys.modules if name.startswith('dap_server') "
        "and name.endswith(('messages', 'requests'))])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == shown.stdout.strip()


def test_tables_name_every_command_and_event() -> None:
    """45 requests and 17 events, with their classes."""
    assert (45, 45, 17) == (len(dap.ARGUMENTS), len(dap.BODIES), len(dap.EVENTS))
    assert dap.StackTraceArguments is dap.ARGUMENTS["stackTrace"]
    assert dap.Capabilities is dap.BODIES["initialize"]
    assert dap.OutputEventBody is dap.EVENTS["output"]


def test_generated_modules_import_alone() -> None:
    """Nothing but the models is needed to read them."""
    assert importlib.import_module("dap_server.protocol.generated").Model is Model
