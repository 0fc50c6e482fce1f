"""The features: a module for each, and its row here."""

from lsp_server.features import (
    completion,
    configuration,
    document_symbol,
    hover,
    live_values,
    signature_help,
)
from lsp_server.registry import FEATURES

__all__ = [
    "FEATURES",
    "completion",
    "configuration",
    "document_symbol",
    "hover",
    "live_values",
    "signature_help",
]
