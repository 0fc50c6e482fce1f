"""The features: a module for each, and its row here."""

from lsp_server.features import (
    code_lens,
    completion,
    configuration,
    diagnostics,
    document_symbol,
    folding_range,
    formatting,
    hover,
    inline_value,
    live_values,
    navigation,
    rename,
    selection_range,
    semantic_tokens,
    signature_help,
    workspace,
)
from lsp_server.registry import FEATURES

INSTALLERS = (diagnostics.install,)
"""What works without being asked: called with each new server."""

__all__ = [
    "FEATURES",
    "INSTALLERS",
    "code_lens",
    "completion",
    "configuration",
    "diagnostics",
    "document_symbol",
    "folding_range",
    "formatting",
    "hover",
    "inline_value",
    "live_values",
    "navigation",
    "rename",
    "selection_range",
    "semantic_tokens",
    "signature_help",
    "workspace",
]
