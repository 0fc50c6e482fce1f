"""What a person does in the workbench, and what they see: the verbs of the stories."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Locator, Page, TimeoutError

Seen = TypeVar("Seen")

DEADLINE = 30_000
"""Milliseconds for something to appear. Only failing takes that long."""


class Workbench:
    """A page with the workbench of one folder."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures
        page.set_default_timeout(DEADLINE)

    # The editor -------------------------------------------------------------------------------

    def open(self, name: str) -> None:
        """Show a file of the folder by its name."""
        self.command("workbench.action.quickOpen", key="Control+P")
        self.page.locator(".quick-input-widget input").fill(name)
        self.page.locator(".quick-input-list .monaco-list-row").filter(
            has_text=name
        ).first.wait_for()
        self.page.keyboard.press("Enter")
        self.wait_for_file(name)

    def wait_for_file(self, name: str) -> None:
        """Until the tab of the file is the active one, and its text is there."""
        self.page.locator(".tab.active").filter(has_text=name).first.wait_for()
        self.page.locator(".editor-instance .view-lines .view-line").first.wait_for()

    def wait_for_extension(self) -> None:
        """Until our extension shows the Lua version: what is clicked before may be lost."""
        self.page.locator(".statusbar-item").get_by_text(re.compile(r"^ ?Lua")).nth(1).wait_for()

    def wait_for_server(self) -> None:
        """Until the language server has looked at the file."""
        self.page.locator(".codelens-decoration a").first.wait_for()

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor somewhere in the active editor."""
        self.page.locator(".editor-instance .view-lines").first.click(position={"x": 200, "y": 5})
        self.page.keyboard.press("Control+G")
        self.page.locator(".quick-input-widget input").fill(f":{line}:{column}")
        self.page.keyboard.press("Enter")
        self.page.locator(".line-numbers.active-line-number").filter(
            has_text=re.compile(rf"^{line}$")
        ).wait_for()

    def type(self, text: str) -> None:
        """Type into whatever has the focus."""
        self.page.keyboard.type(text, delay=10)

    def text_of_line(self, line: int) -> str:
        """What the editor shows in a line, with values beside it; empty while it draws."""
        box = self._number(line).bounding_box()
        if box is None:
            return ""
        for shown in self.page.locator(".editor-instance .view-line").all():
            place = shown.bounding_box()
            if place is not None and abs(place["y"] - box["y"]) < 3:
                return shown.inner_text().replace("\u00a0", " ")
        return ""

    def word(self, line: int, text: str) -> Locator:
        """The word of a line as the editor draws it."""
        box = self._number(line).bounding_box()
        assert box is not None
        for found in self.page.locator(".editor-instance .view-line span").get_by_text(text).all():
            place = found.bounding_box()
            if place is not None and abs(place["y"] - box["y"]) < 3:
                return found
        raise AssertionError(f"there is no {text} in line {line}")

    def _number(self, line: int) -> Locator:
        numbers = self.page.locator(".editor-instance .margin .line-numbers")
        return numbers.filter(has_text=re.compile(rf"^{line}$")).first

    # Commands ---------------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """Press a key, such as F5 or Control+K."""
        self.page.keyboard.press(key)

    def command(self, title: str, key: str | None = None) -> None:
        """Run a command by its title in the palette, or by its key."""
        if key is not None:
            self.page.keyboard.press(key)
            return
        row = self.page.locator(".quick-input-list .monaco-list-row").filter(has_text=title).first

        def is_offered() -> bool:
            """What is offered is settled when the palette opens, and may come to be only later."""
            self.page.keyboard.press("Escape")
            self.page.keyboard.press("F1")
            self.page.locator(".quick-input-widget input").fill(f">{title}")
            self.page.wait_for_timeout(300)
            return row.count() > 0

        self.until(is_offered)
        row.click(position={"x": 20, "y": 10})

    def choose(self, text: str) -> None:
        """Choose an entry of the list that is open."""
        row = self.page.locator(".quick-input-list .monaco-list-row").filter(has_text=text).first
        row.click(position={"x": 20, "y": 10})  # what explains a row may cover its middle

    def fill(self, text: str) -> None:
        """Answer the input box that is open."""
        self.page.locator(".quick-input-widget input").fill(text)
        self.page.keyboard.press("Enter")

    def choose_how_to_run(self, title: str) -> None:
        """Choose from the list beside the button in the editor's title."""
        button = self.page.get_by_role("button", name="Run or Debug...").first
        self._choose_from_menu(title, button.click)

    # Breakpoints ------------------------------------------------------------------------------

    def click_breakpoint(self, line: int) -> None:
        """Click beside a line number."""
        x, y = self._gutter(line)
        before = self.page.locator(".codicon-debug-breakpoint").count()
        self.page.mouse.click(x, y)
        self.until(lambda: self.page.locator(".codicon-debug-breakpoint").count() > before)

    def add_breakpoint(self, line: int, kind: str, text: str, box_of: str = "") -> None:
        """Right-click beside a line number: a conditional breakpoint or a log point.

        ``box_of``: what is chosen in the list beside the box, if it is not what the box is for.
        """
        self._choose_from_menu(
            kind, lambda: self.page.mouse.click(*self._gutter(line), button="right")
        )
        box = self.page.locator(".breakpoint-widget .monaco-editor.focused")
        box.wait_for()
        if box_of:
            self.page.get_by_label("Breakpoint Type").select_option(label=box_of)
            box.wait_for()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        box.wait_for(state="detached")

    def _choose_from_menu(self, title: str, show: Callable[[], None]) -> None:
        """Choose an item of the menu that ``show`` opens."""
        item = self.page.get_by_role("menuitem", name=title)

        def is_chosen() -> bool:
            """A menu that opens while lines still move closes again, a new one takes no click."""
            try:
                if not item.is_visible():
                    show()
                item.click(timeout=1000, no_wait_after=True)
                item.wait_for(state="hidden", timeout=5000)
            except TimeoutError:
                return False
            return True

        self.until(is_chosen)

    def _gutter(self, line: int) -> tuple[float, float]:
        box = self._number(line).bounding_box()
        margin = self.page.locator(".editor-instance .margin").first.bounding_box()
        assert box is not None
        assert margin is not None
        return margin["x"] + 9, box["y"] + box["height"] / 2

    # The debugger -----------------------------------------------------------------------------

    def wait_for_stop(self, line: int) -> None:
        """Until the first frame of the call stack is at the line, and is the one looked at."""
        number = self.page.locator(".debug-call-stack .stack-frame .line-number").first
        self.until(lambda: number.is_visible() and number.inner_text().startswith(f"{line}:"))
        self.page.locator(".debug-top-stack-frame-line").first.wait_for()

    def wait_for_end(self) -> None:
        """Until no session is left."""
        self.page.locator(".debug-toolbar, .debug-call-stack .monaco-list-row").first.wait_for(
            state="hidden"
        )
        self.page.locator(".statusbar.debugging, .monaco-workbench.debugging").wait_for(
            state="detached"
        )

    def wait_for_frames(self, *names: str) -> None:
        """Until the call stack shows these functions, the innermost first."""
        labels = self.page.locator(".debug-call-stack .stack-frame .label")
        self.until(lambda: labels.all_inner_texts() == list(names))

    def variable(self, name: str) -> Locator:
        """The row of a variable, whose scope or parent is open."""
        exact = re.compile(rf"^{re.escape(name)}( =|$)")
        return (
            self.page.locator(".debug-variables .monaco-list-row")
            .filter(has=self.page.locator(".name").get_by_text(exact))
            .first
        )

    def value(self, name: str) -> str:
        """A variable's value as it is shown."""
        return self.variable(name).locator(".value").inner_text()

    def open_scope(self, name: str) -> None:
        """Unfold a scope of the variables, if it is not."""
        row = self.page.locator(".debug-variables .monaco-list-row").filter(has_text=name).first
        row.wait_for()
        if row.get_attribute("aria-expanded") != "true":
            row.locator(".monaco-tl-twistie").click()
        self.until(lambda: row.get_attribute("aria-expanded") == "true")

    def set_variable(self, name: str, text: str) -> None:
        """Double-click a variable's value and write another one."""
        self.variable(name).locator(".value").dblclick()
        field = self.page.locator(
            ".debug-variables .inputBoxContainer input, .debug-variables input"
        )
        field.first.fill(text)
        self.page.keyboard.press("Enter")

    def watch(self, expression: str) -> None:
        """Add an expression to those that are watched."""
        self.page.locator(".pane-header").filter(has_text="Watch").hover()
        self.page.get_by_role("button", name="Add Expression").click()
        self.page.locator(".debug-watch input").fill(expression)
        self.page.keyboard.press("Enter")

    def hover(self, line: int, text: str) -> Locator:
        """Rest the pointer on a word; what appears beside it."""
        self.word(line, text).hover()
        return self.page.locator(".debug-hover-widget, .monaco-hover").locator("visible=true").first

    def evaluate(self, expression: str) -> None:
        """Type an expression into the debug console."""
        field = self.page.locator(".repl-input-wrapper .monaco-editor")
        field.click()
        self.page.keyboard.type(expression)
        self.page.keyboard.press("Escape")  # what completion offers is not wanted
        self.page.keyboard.press("Enter")

    def console(self) -> str:
        """What the debug console shows."""
        rows = self.page.locator(".repl-tree .monaco-list-row").all_inner_texts()
        return "\n".join(row.replace("\u00a0", " ") for row in rows)

    def wait_for_console(self, text: str) -> None:
        """Until the debug console shows a text."""
        self.page.locator(".repl-tree .monaco-list-row").filter(has_text=text).first.wait_for()

    def terminal(self) -> str:
        """What the terminal shows; empty before there is one."""
        rows = self.page.locator(".terminal-wrapper.active .xterm-rows > div").all_inner_texts()
        return "\n".join(row.replace("\u00a0", " ") for row in rows)

    # Looking ----------------------------------------------------------------------------------

    def until_gone(self, what: str) -> None:
        """Until nothing matches a selector any more."""
        self.until(lambda: self.page.locator(what).count() == 0)

    def until(self, holds: Callable[[], Seen]) -> Seen:
        """Ask again, drawing by drawing, until it is true; what it said."""
        for _ in range(DEADLINE // 50):
            if seen := holds():
                return seen
            self.page.wait_for_timeout(50)
        raise AssertionError("it did not come to be")

    def picture(self, name: str) -> None:
        """Keep a picture of the page."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{name}.png")
