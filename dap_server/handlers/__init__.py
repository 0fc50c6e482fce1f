"""The requests that are served, grouped as the specification groups them."""

from dap_server.handlers import breakpoints, evaluation, execution, inspection, lifecycle
from dap_server.registry import HANDLERS

__all__ = ["HANDLERS", "breakpoints", "evaluation", "execution", "inspection", "lifecycle"]
