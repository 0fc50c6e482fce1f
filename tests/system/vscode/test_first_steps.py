"""What a new user sees first."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.vscode.programs import SHOP

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.system.vscode.workbench import Workbench

pytestmark = pytest.mark.timeout(240)

DRAWN = "each => each.checkVisibility() && each.naturalWidth > 0"
ARE_DONE = "all => all.map(each => each.classList.contains('complete'))"
STEPS = ("Install llmspell", "Set a breakpoint", "Press F5", "Look around")


def test_the_walkthrough_has_four_steps(workbench) -> None:
    """It is found among the walkthroughs, and each step has its picture."""
    bench = workbench("shop.lua", "print('hello')\n")
    page = _walkthrough(bench)
    for step in STEPS:
        page.get_by_text(step, exact=True).first.click()
        picture = page.locator(".getting-started-media img").first
        bench.until(lambda picture=picture: picture.evaluate(DRAWN))
        bench.picture("walkthrough")


def test_the_first_step_is_done_when_llmspell_is_there(workbench, folder: Path) -> None:
    """Its button begins the installation, which may fail; what is there in the end counts."""
    command = folder / ".venv" / "bin" / "llmspell"
    command.rename(command.with_name("kept"))
    bench = workbench("shop.lua", SHOP)
    page = _walkthrough(bench)
    page.get_by_text(STEPS[0], exact=True).first.click()
    page.get_by_role("button", name="Install in a Terminal").click()
    bench.until(lambda: "not run: python3" in bench.terminal())
    step = page.locator('[data-done-step-id$="install"]')
    assert [False] == step.evaluate_all(ARE_DONE)
    command.with_name("kept").rename(command)
    bench.until(lambda: step.evaluate_all(ARE_DONE) == [True])


def _walkthrough(bench: "Workbench") -> "Locator":
    """Our page among the walkthroughs; without the side bar there is room for pictures."""
    bench.command("Welcome: Open Walkthrough...")
    bench.fill("llmspell")
    bench.press("Control+B")  # without the side bar there is room for pictures
    return bench.page.locator(".gettingStartedContainer")


OLD = """\
case "$1" in
  --help) echo "  run     Run a Lua script."; exit ;;
esac
"""


def test_a_prompt_and_a_kernel(workbench, folder: Path) -> None:
    """Both are offered as soon as the installed llmspell has them, and are begun in terminals."""
    command = folder / ".venv" / "bin" / "llmspell"
    present = command.read_text(encoding="utf-8")
    first, rest = present.split("\n", 1)
    command.write_text(f"{first}\n{OLD}{rest}", encoding="utf-8")
    bench = workbench("shop.lua", SHOP)
    bench.press("F1")
    bench.page.locator(".quick-input-widget input").fill(">Open Lua REPL")
    offered = bench.page.locator(".quick-input-list .monaco-list-row")
    offered.filter(has_text="llmspell: Run Lua File").wait_for()
    assert 0 == offered.filter(has_text="REPL").count()
    bench.press("Escape")
    command.write_text(present, encoding="utf-8")
    bench.command("llmspell: Start Kernel")
    bench.until(lambda: "to connect: --existing" in bench.terminal())
    bench.command("llmspell: Open Lua REPL")
    bench.until(lambda: "Lua 5.4" in bench.terminal())
    bench.page.keyboard.type("6 * 7\n")
    bench.until(lambda: "42" in bench.terminal())
    bench.picture("prompt")
