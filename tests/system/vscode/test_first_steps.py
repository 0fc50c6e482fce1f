"""What a new user sees first."""

import pytest

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
