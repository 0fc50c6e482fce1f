"""What a new user sees first."""

from pathlib import Path

import pytest

from tests.system.vscode.programs import SHOP

pytestmark = pytest.mark.timeout(240)

DRAWN = "each => each.checkVisibility() && each.naturalWidth > 0"
STEPS = ("Install llmspell", "Set a breakpoint", "Press F5", "Look around")


def test_the_walkthrough_has_four_steps(workbench) -> None:
    """It is found among the walkthroughs, and each step has its picture."""
    bench = workbench("shop.lua", "print('hello')\n")
    bench.command("Welcome: Open Walkthrough...")
    bench.fill("llmspell")
    bench.press("Control+B")  # without the side bar there is room for pictures
    page = bench.page.locator(".gettingStartedContainer")
    for step in STEPS:
        page.get_by_text(step, exact=True).first.click()
        picture = page.locator(".getting-started-media img").first
        bench.until(lambda picture=picture: picture.evaluate(DRAWN))
        bench.picture("walkthrough")


SERVING = """\
case "$1" in
  --help) echo "  repl    A prompt."; echo "  kernel  A kernel."; exit ;;
  repl) echo "a prompt is here"; read line; exit ;;
  kernel) echo "a kernel is here: $2"; read line; exit ;;
esac
"""


def test_commands_appear_with_what_llmspell_serves(workbench, folder: Path) -> None:
    """Opening a REPL and starting a kernel are offered where the installed llmspell has them."""
    bench = workbench("shop.lua", SHOP)
    bench.press("F1")
    field = bench.page.locator(".quick-input-widget input")
    field.fill(">Open Lua REPL")
    offered = bench.page.locator(".quick-input-list .monaco-list-row")
    offered.filter(has_text="llmspell: Run Lua File").wait_for()
    assert 0 == offered.filter(has_text="REPL").count()
    bench.press("Escape")
    command = folder / ".venv" / "bin" / "llmspell"
    first, rest = command.read_text(encoding="utf-8").split("\n", 1)
    command.write_text(f"{first}\n{SERVING}{rest}", encoding="utf-8")
    bench.page.reload()
    bench.wait_for_file("shop.lua")
    bench.wait_for_extension()
    for title, said in (
        ("llmspell: Open Lua REPL", "a prompt is here"),
        ("llmspell: Start Kernel", "a kernel is here: start"),
    ):
        bench.command(title)
        bench.until(lambda said=said: said in bench.terminal())
