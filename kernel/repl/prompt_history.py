"""PromptHistory: what was typed and run before, for the arrow keys, search and suggestions."""

from collections.abc import AsyncGenerator, Iterable

from prompt_toolkit.history import History

from kernel.repl.prompt_completion import Assisted
from kernel.repl.typed_lines import is_kept


class PromptHistory(History):
    """The past comes from the assistant, who is also told what is typed and keeps it."""

    def __init__(self, terminal: Assisted) -> None:
        super().__init__()
        self._terminal = terminal
        self._has_read = False

    async def read(self) -> None:
        """Have the past here, so that the first key that is pressed finds it."""
        if not self._has_read:
            self._has_read = True
            past = [text for text in await self._terminal.assistant.past() if text.strip()]
            self._loaded_strings += [*dict.fromkeys(reversed(past))]
            self._loaded = True

    async def load(self) -> AsyncGenerator[str, None]:
        """The newest first; each once."""
        await self.read()
        for line in self._loaded_strings:
            yield line

    def append_string(self, string: str) -> None:
        """What has been typed; a line that is typed twice is there once."""
        if is_kept(string) and (not self._loaded_strings or self._loaded_strings[0] != string):
            super().append_string(string)

    def remember(self, string: str) -> None:
        """Have it here without telling anybody: it was typed elsewhere."""
        if string.strip() and string not in self._loaded_strings:
            self._loaded_strings.insert(0, string)

    def forget(self) -> None:
        """Nothing was typed."""
        self._loaded_strings.clear()

    def load_history_strings(self) -> Iterable[str]:
        """They are loaded by `load`."""
        return ()

    def store_string(self, string: str) -> None:
        """The assistant keeps it."""
        self._terminal.assistant.typed(string)
