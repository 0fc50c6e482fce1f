"""The features: a module for each, and its row here."""

from lsp_server.features import (
    configuration,
    document_symbol,
)
from lsp_server.registry import FEATURES

__all__ = [
    "FEATURES",
    "configuration",
    "document_symbol",
]
