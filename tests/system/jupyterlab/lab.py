"""What a person does in a notebook, and what they see: the verbs of the stories."""

import contextlib
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

DEADLINE = 30_000
ATTEMPTS = 5
"""Milliseconds for something to appear. Only failing takes that long."""


class Lab:
    """A page of JupyterLab with one notebook."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures
        page.set_default_timeout(DEADLINE)
        expect.set_options(timeout=DEADLINE)

    # The notebook -----------------------------------------------------------------------------

    def wait_for_kernel(self) -> None:
        """Until the notebook is there and its kernel answers."""
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        self.wait_for_status("idle")
        self.page.locator(".jp-Toolbar-kernelName").get_by_text("Lua").first.wait_for()

    def wait_for_status(self, status: str) -> None:
        """Until the kernel is ``idle`` or ``busy``."""
        self.page.locator(f".jp-Notebook-ExecutionIndicator[data-status={status}]").first.wait_for()

    def cell(self, number: int) -> Locator:
        """A cell, counted from 1."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number - 1)

    def enter(self, number: int) -> None:
        """Put the cursor into a cell."""
        self.cell(number).locator(".cm-content").click()

    def run(self, number: int) -> None:
        """Run a cell and stay there."""
        prompt = self.cell(number).locator(".jp-InputArea-prompt")
        before = prompt.inner_text()
        # While the page still connects to the kernel it seems idle, and what is run is dropped.
        for _ in range(10):
            self.enter(number)
            self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(AssertionError):
                expect(prompt).not_to_have_text(before, timeout=DEADLINE // 10)
                return

    def wait_for_number(self, number: int, count: str) -> None:
        """Until a cell has this count beside it, ``3``, or ``*`` while it runs."""
        prompt = self.cell(number).locator(".jp-InputArea-prompt")
        expect(prompt).to_have_text(f"[{count}]:")

    def output(self, number: int) -> Locator:
        """What a cell has given."""
        return self.cell(number).locator(".jp-OutputArea-output")

    def restart(self) -> None:
        """Press the button that restarts the kernel, and mean it."""
        self.page.locator("jp-button[title='Restart the kernel']").click()
        self.page.locator(".jp-Dialog button.jp-mod-accept").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")
        self.wait_for_kernel()

    def interrupt(self) -> None:
        """Press I twice, which interrupts the kernel; its button may be covered."""
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("i")
        self.page.keyboard.press("i")

    # The debugger -----------------------------------------------------------------------------

    def switch_debugger(self, number: int) -> None:
        """Press the bug, and wait until cells have room for breakpoints."""
        gutter = self.cell(number).locator(".cm-breakpoint-gutter").first
        name = self.page.locator(".jp-DebuggerSidebar h2.jp-text-truncated").first
        # The button is there before it knows whether the kernel can debug, and does nothing then;
        # amid the page's first questions it switches a debugger on that belongs to no notebook.
        for _ in range(10):
            self.page.locator(".jp-DebuggerBugButton").first.click()
            with contextlib.suppress(TimeoutError, AssertionError):
                gutter.wait_for(timeout=DEADLINE // 10)
                expect(name).not_to_have_text("-", timeout=DEADLINE // 10)
                return
        gutter.wait_for()
        expect(name).not_to_have_text("-")

    def click_breakpoint(self, number: int, line: int) -> None:
        """Click beside a line of a cell, until the panel lists a breakpoint more."""
        listed = self.page.locator(".jp-DebuggerBreakpoints .jp-DebuggerBreakpoint")
        before = listed.count()
        self.enter(number)
        numbers = self.cell(number).locator(".cm-lineNumbers .cm-gutterElement")
        box = numbers.nth(line).bounding_box()
        assert box is not None
        for _ in range(ATTEMPTS):  # before the page listens, a click does nothing
            self.page.mouse.click(box["x"] - 8, box["y"] + box["height"] / 2)
            with contextlib.suppress(AssertionError):
                expect(listed).to_have_count(before + 1, timeout=DEADLINE // ATTEMPTS)
                return
        expect(listed).to_have_count(before + 1)

    def wait_for_stop(self, number: int, line: int) -> None:
        """Until a line of a cell is shown as the one where the program stands."""
        text = self.line(number, line)
        expect(self.cell(number).locator(".jp-DebuggerEditor-highlight")).to_have_text(text)

    def wait_for_running(self) -> None:
        """Until no line is shown as the one where the program stands."""
        expect(self.page.locator(".jp-DebuggerEditor-highlight")).to_have_count(0)

    def line(self, number: int, line: int) -> str:
        """The text of a line of a cell."""
        return self.cell(number).locator(".cm-line").nth(line - 1).inner_text()

    def press(self, title: str) -> None:
        """Press a button of the debugger's panel, such as Continue."""
        self.page.locator(f".jp-DebuggerSidebar jp-button[title^='{title}']").first.click()

    def variable(self, name: str) -> Locator:
        """A row of the panel of variables."""
        rows = self.page.locator(".jp-DebuggerVariables-body [role=treeitem]")
        return rows.filter(has_text=name).first

    def choose_for_variable(self, name: str, label: str) -> None:
        """Choose something from the menu of a variable."""
        self.variable(name).click(button="right")
        self.page.locator(".lm-Menu-item").filter(has_text=label).click()

    def breakpoint_files(self) -> str:
        """The file of the first breakpoint that the panel lists; another in another kernel."""
        return self.page.locator(".jp-DebuggerBreakpoint").first.get_attribute("title") or ""

    def wait_for_other_breakpoints(self, before: str) -> None:
        """Until the breakpoints have been set in the kernel that took the place of one."""
        first = self.page.locator(".jp-DebuggerBreakpoint").first
        expect(first).not_to_have_attribute("title", before)

    def frames(self) -> Locator:
        """The rows of the call stack."""
        return self.page.locator(".jp-DebuggerCallstack-body li")

    # ------------------------------------------------------------------------------------------

    def hide_files(self) -> None:
        """Give the notebook the room of the list of files."""
        self.page.keyboard.press("Control+b")
        self.page.locator(".jp-FileBrowser").first.wait_for(state="hidden")

    def picture(self, name: str) -> None:
        """Keep what the page shows."""
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{name}.png")
