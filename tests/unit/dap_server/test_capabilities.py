"""What is announced is what is served."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from dap_server.capabilities import capabilities
from dap_server.client import DapClient, RequestFailed
from dap_server.handlers import HANDLERS
from dap_server.protocol import generated as dap
from dap_server.protocol.model import Model
from dap_server.states import LEGAL, LIVE
from tests.conftest import SUMMARY
from tests.support.fakes import FakeHost
from tests.unit.dap_server.conftest import Connect

NOT_SERVED = {
    "disassemble", "goto", "gotoTargets", "restartFrame", "reverseContinue",
    "setInstructionBreakpoints", "stepBack", "writeMemory",
}  # fmt: skip
REVERSE = {"runInTerminal", "startDebugging"}

GATES = {
    "supports_configuration_done_request": "configurationDone",
    "supports_function_breakpoints": "setFunctionBreakpoints",
    "supports_conditional_breakpoints": "setBreakpoints",
    "supports_hit_conditional_breakpoints": "setBreakpoints",
    "supports_log_points": "setBreakpoints",
    "supports_evaluate_for_hovers": "evaluate",
    "supports_clipboard_context": "evaluate",
    "supports_set_variable": "setVariable",
    "supports_step_in_targets_request": "stepInTargets",
    "supports_completions_request": "completions",
    "supports_modules_request": "modules",
    "supports_restart_request": "restart",
    "supports_value_formatting_options": "stackTrace",
    "supports_delayed_stack_trace_loading": "stackTrace",
    "supports_exception_info_request": "exceptionInfo",
    "support_terminate_debuggee": "disconnect",
    "supports_loaded_sources_request": "loadedSources",
    "supports_terminate_threads_request": "terminateThreads",
    "supports_set_expression": "setExpression",
    "supports_terminate_request": "terminate",
    "supports_data_breakpoints": "setDataBreakpoints",
    "supports_read_memory_request": "readMemory",
    "supports_cancel_request": "cancel",
    "supports_breakpoint_locations_request": "breakpointLocations",
    "supports_stepping_granularity": "next",
    "supports_exception_filter_options": "setExceptionBreakpoints",
    "supports_single_thread_execution_requests": "continue",
    "supports_ansi_styling": "initialize",
}
"""Every capability that is true, and a request that would be missed without it."""


def test_capabilities_are_the_handlers() -> None:
    """Each flag is declared beside a handler, and nothing else is true."""
    announced = capabilities(FakeHost())
    true = {name for name in dap.Capabilities.model_fields if getattr(announced, name) is True}
    assert set(GATES) == true
    assert [] == [name for name, command in GATES.items()
                  if name not in HANDLERS[command].capabilities]  # fmt: skip


def test_every_declared_capability_exists() -> None:
    """A misspelt capability would be announced to nobody."""
    declared = {name for handler in HANDLERS.values() for name in handler.capabilities}
    assert declared <= set(dap.Capabilities.model_fields)


def test_initialize_answers_them(
    connect: Connect, record_property: Callable[[str, object], None]
) -> None:
    """Under the specification's names; how many they are stands below the run's results."""
    body = connect(FakeHost()).initialize().wire()
    assert body["supportTerminateDebuggee"] is True
    assert [".", ":"] == body["completionTriggerCharacters"]
    assert [("uncaught", True, True), ("all", False, True)] == [
        (each["filter"], each["default"], each["supportsCondition"])
        for each in body["exceptionBreakpointFilters"]
    ]
    true = [name for name, value in body.items() if value is True]
    assert len(GATES) == len(true)
    record_property(SUMMARY, f"The adapter announces {len(true)} capabilities.")


def test_every_request_is_served_or_refused_by_name() -> None:
    """All requests of the specification are accounted for."""
    assert set(dap.ARGUMENTS) - NOT_SERVED - REVERSE == set(HANDLERS)


@pytest.mark.parametrize("command", sorted(NOT_SERVED | REVERSE))
def test_what_is_not_served_says_so(connect: Connect, command: str) -> None:
    """The answer names the request."""
    client = connect(FakeHost(), misbehaves=True)
    client.initialize()
    with pytest.raises(RequestFailed) as failed:
        client.ask(command, {})
    assert (f"{command} is not supported.", 1003) == (failed.value.text, failed.value.id)


def test_requests_nobody_knows(connect: Connect) -> None:
    """A request that is in no specification is refused too, and the session lives."""
    client: DapClient = connect(FakeHost(), misbehaves=True)
    client.initialize()
    refused = client.frames.answer(client.send("fly"), 5)
    assert "There is no request 'fly'." == refused["body"]["error"]["format"]
    client.requests.threads()


@pytest.mark.parametrize("command", HANDLERS)
def test_handlers_take_the_specifications_arguments(command: str) -> None:
    """The declared class, the annotation and the specification agree."""
    handler = HANDLERS[command]
    assert (dap.ARGUMENTS[command] or Model) is handler.arguments
    parameters: list[Any] = list(inspect.signature(handler.function).parameters.values())
    assert handler.arguments.__name__ == parameters[1].annotation.rpartition(".")[2]


def test_every_request_is_legal_somewhere() -> None:
    """The table of states knows every request and no others."""
    assert set(HANDLERS) == {command for legal in LEGAL.values() for command in legal}
    assert set(HANDLERS) - {"initialize", "launch", "attach"} == set(LIVE)
