"""What the package of somebody else would bring as a hook."""

from dataclasses import dataclass

from kernel.hooks.base import HookDetails
from kernel.hooks.results import CONTINUE, Cancel, HookResult


@dataclass(frozen=True)
class NoWord:
    """Refuses code with a word in it."""

    word: str

    def __call__(self, details: HookDetails) -> HookResult:
        """Cancel, or go on."""
        return Cancel(f"No {self.word}.") if self.word in details.data["code"] else CONTINUE


@dataclass(frozen=True)
class Silent:
    """No hook: nothing can call it."""


NOTHING = object()
