"""What keys do beyond what prompt_toolkit has them do."""

from typing import TYPE_CHECKING

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import completion_is_selected, emacs_insert_mode, is_searching
from prompt_toolkit.filters import vi_insert_mode as vi_insert
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.search import stop_search

from kernel.execution.engine import CompletenessStatus

if TYPE_CHECKING:
    from kernel.repl.prompt import PromptTerminal

INDENT = "  "
END_OF_INPUT = "\x04"
"""Ctrl-D among what was typed ahead, as terminals have it."""

DEDENTING = ("end", "until", "else", "}", ")")
"""What stands one level further out than the block it ends."""


class Interrupted(Exception):
    """A question was broken off; the program that has asked is being ended."""


def make_bindings(terminal: "PromptTerminal", *, is_question: bool = False) -> KeyBindings:
    """The keys of the prompt, or of a question of the program."""
    keys = KeyBindings()

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        """For the program if it runs; else what was typed is cleared, and a search is left."""
        if is_searching():
            stop_search()
        buffer = event.app.current_buffer
        if not terminal.assistant.break_pressed(bool(buffer.text)):
            buffer.reset()
        elif is_question:
            event.app.exit(exception=Interrupted)

    if is_question:
        return keys
    _edit_keys(keys, terminal)
    return keys


def _edit_keys(keys: KeyBindings, terminal: "PromptTerminal") -> None:
    pending: list[str] = []

    @keys.add("enter", filter=~is_searching & ~completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        """Take what is whole; otherwise another line begins, indented as it should be."""
        buffer = event.current_buffer
        text = buffer.text
        if pending:
            buffer.insert_text("\n")
        elif not text.strip() or _ends_blank(text, buffer.cursor_position):
            buffer.validate_and_handle()
        else:
            # What is typed until the answer is there must not count, so it goes behind the entry.
            pending.append(text)
            cursor, buffer.cursor_position = buffer.cursor_position, len(text)
            event.app.create_background_task(take(event, text, cursor))

    async def take(event: KeyPressEvent, text: str, cursor: int) -> None:
        buffer = event.current_buffer
        try:
            answer = await terminal.assistant.check(text)
        finally:
            pending.clear()
        typed = buffer.text
        if not event.app.is_running:
            return
        if answer.status is CompletenessStatus.INCOMPLETE:
            if typed == text:
                buffer.cursor_position = cursor
                _open_line(buffer, text, answer.indent)
            elif typed.startswith(text):
                await go_on(event, f"{text}\n{typed[len(text) :]}")
        elif typed == text:
            buffer.validate_and_handle()
        elif typed.startswith(text):
            terminal.rest = typed[len(text) :]
            buffer.text = text
            buffer.validate_and_handle()

    async def go_on(event: KeyPressEvent, text: str) -> None:
        """Lines that came while an unfinished one was looked at; Enter behind them counts."""
        text = text.rstrip(END_OF_INPUT)  # amid an unfinished cell there is nothing to leave
        has_ended = text.endswith("\n")
        whole = text.removesuffix("\n") if has_ended else text
        event.current_buffer.set_document(Document(whole))
        if has_ended:
            pending.append(whole)
            await take(event, whole, len(whole))

    @keys.add("escape", "enter", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        """Take it as it is."""
        event.current_buffer.validate_and_handle()

    @keys.add("f1")
    async def _(event: KeyPressEvent) -> None:
        """Explain what stands at the cursor: under it, where that is short."""
        buffer = event.current_buffer
        said = await terminal.assistant.explain(buffer.text, buffer.cursor_position)
        await terminal.popup.show_or_print(said or "Nothing is known of it.")

    @keys.add("c-d", filter=emacs_insert_mode | vi_insert)
    def _(event: KeyPressEvent) -> None:
        """Leave, or delete what stands under the cursor."""
        buffer = event.current_buffer
        ahead = buffer.text.removeprefix(pending[0]) if pending else "unknown"
        if not ahead or ahead.endswith("\n"):
            buffer.insert_text(END_OF_INPUT)
        elif buffer.text:
            buffer.delete()
        else:
            event.app.exit(exception=EOFError)

    @keys.add("tab", filter=~is_searching & ~completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        """Indent where a line begins, complete elsewhere."""
        buffer = event.current_buffer
        if not buffer.document.current_line_before_cursor.strip() and "\n" in buffer.text:
            buffer.insert_text(INDENT)
        else:
            buffer.start_completion(insert_common_part=True)

    for char in ("d", "l", "e", "}", ")"):
        keys.add(char, filter=emacs_insert_mode | vi_insert)(_dedent_behind)


def _dedent_behind(event: KeyPressEvent) -> None:
    """A word that ends a block takes its line one level out, as soon as it is whole."""
    buffer = event.current_buffer
    buffer.insert_text(event.data)
    line = buffer.document.current_line_before_cursor
    word = line.strip()
    if word in DEDENTING and line.startswith(INDENT) and "\n" in buffer.text:
        if word == "else" and buffer.document.current_line_after_cursor:
            return
        buffer.cursor_left(len(line))
        buffer.delete(len(INDENT))
        buffer.cursor_right(len(line) - len(INDENT))


def _ends_blank(text: str, cursor: int) -> bool:
    """Two empty lines at the end of what was typed ask for it to be taken as it is."""
    lines = text.split("\n")
    return cursor == len(text) and len(lines) > 2 and not (lines[-1] + lines[-2]).strip()


def _open_line(buffer: Buffer, text: str, indent: str) -> None:
    """A new line at the cursor; at the end of all text, indented."""
    at_end = buffer.cursor_position >= len(text)
    buffer.insert_text("\n" + (indent if at_end and buffer.text == text else ""))
