"""The port behind which it is known what scripts can call."""

from typing import Protocol

from kernel.core.catalogue import Catalogue


class Catalogues(Protocol):
    """What each Lua has by itself, and what scripts are given besides."""

    def standard_library(self, version: str) -> Catalogue:
        """The globals, modules and keywords of one version."""

    def script_api(self, *, has_later: bool) -> Catalogue:
        """The globals of scripts; ``has_later``: also those that only a later release has."""
