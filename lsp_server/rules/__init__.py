"""The rules: a module for each kind of diagnostic, and its row here."""

from lsp_server.rules import misuse, undefined, unreachable, unused, variables
from lsp_server.rules.registry import RULES

__all__ = ["RULES", "misuse", "undefined", "unreachable", "unused", "variables"]
