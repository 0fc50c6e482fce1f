"""What ``initialize`` announces: computed from the handlers there are, never written down."""

from dap_server import to_dap
from dap_server.host import DebugHost
from dap_server.protocol import generated as dap
from dap_server.registry import HANDLERS


def capabilities(host: DebugHost) -> dap.Capabilities:
    """Everything that is served, and nothing else."""
    announced = dap.Capabilities()
    for handler in HANDLERS.values():
        for name in handler.capabilities:
            setattr(announced, name, True)
    if not host.can_restart:
        announced.supports_restart_request = None
    if "setExceptionBreakpoints" in HANDLERS:
        filters = [to_dap.exception_filter(each) for each in host.exception_filters]
        announced.exception_breakpoint_filters = filters
    if "completions" in HANDLERS:
        announced.completion_trigger_characters = list(host.completion_triggers)
    return announced
