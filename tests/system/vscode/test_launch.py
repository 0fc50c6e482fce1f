"""F5, breakpoints, stepping and looking, as a person does it in the workbench."""

from pathlib import Path

import pytest

from tests.system.vscode.programs import FAILING, SHOP, configure

pytestmark = pytest.mark.timeout(240)


def test_a_breakpoint_by_click_and_f5(workbench) -> None:
    """Nothing is configured: a click beside a line and F5 stop the open file there."""
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(5)
    bench.picture("breakpoint")
    bench.press("F5")
    bench.wait_for_stop(5)
    bench.wait_for_frames("add", "main chunk")
    bench.open_scope("Locals")
    assert '"apple"' == bench.value("name")
    bench.picture("stopped")
    bench.press("F10")
    bench.wait_for_stop(6)
    bench.press("Shift+F11")
    bench.wait_for_stop(10)
    bench.press("F5")
    bench.wait_for_stop(5)
    bench.press("Shift+F5")
    bench.wait_for_end()


def test_a_variable_is_changed(workbench) -> None:
    """What is written over a value in the panel is what the program goes on with."""
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(13)
    bench.press("F5")
    bench.wait_for_stop(13)
    bench.open_scope("Locals")
    bench.variable("cart").locator(".monaco-tl-twistie").click()
    assert "12" == bench.value("total")
    bench.set_variable("total", "20 + 1")
    bench.until(lambda: bench.value("total") == "21")
    bench.press("F5")
    bench.wait_for_console("total 21")
    bench.wait_for_end()


def test_watch_and_hover(workbench) -> None:
    """An expression is watched, and a word says its value to the pointer that rests on it."""
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(11)
    bench.press("F5")
    bench.wait_for_stop(11)
    bench.watch("cart.total * 100")
    bench.page.locator(".debug-watch .monaco-list-row").filter(has_text="200").wait_for()
    assert "apple" in bench.hover(11, "name").inner_text()
    bench.picture("watched")


def test_a_condition_and_a_log_point(workbench) -> None:
    """Both are written into the editor's own boxes."""
    bench = workbench("shop.lua", SHOP)
    bench.add_breakpoint(5, "Add Logpoint...", "adding {name} for {price}")
    bench.add_breakpoint(11, "Add Conditional Breakpoint...", 'name == "cheese"')
    bench.press("F5")
    bench.wait_for_stop(11)
    bench.wait_for_console("adding apple for 2")
    bench.wait_for_console("adding cheese for 6")
    bench.open_scope("Locals")
    assert "3" == bench.value("index")
    bench.press("F5")
    bench.wait_for_end()


def test_a_hit_count(workbench) -> None:
    """The list beside the box of a condition has hit counts, too."""
    bench = workbench("shop.lua", SHOP)
    bench.add_breakpoint(11, "Add Conditional Breakpoint...", "2", box_of="Hit Count")
    bench.press("F5")
    bench.wait_for_stop(11)
    bench.open_scope("Locals")
    assert "2" == bench.value("index")


def test_an_error_is_shown_where_it_happens(workbench) -> None:
    """The widget tells the error's message, and its traceback below."""
    bench = workbench("failing.lua", FAILING)
    bench.press("F5")
    shown = bench.page.locator(".exception-widget")
    shown.wait_for()
    text = shown.inner_text().replace("\u00a0", " ")
    assert "failing.lua:3: no price for bread" in text
    assert "in function 'error'" in text
    bench.picture("error")
    bench.press("F5")
    bench.wait_for_end()


def test_the_console_evaluates_several_lines(workbench) -> None:
    """Statements, several results, completion of fields, in the frame that is looked at."""
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(5)
    bench.press("F5")
    bench.wait_for_stop(5)
    bench.evaluate("name, price")
    bench.wait_for_console('"apple"')
    field = bench.page.locator(".repl-input-wrapper .monaco-editor")
    field.click()
    bench.type("for i = 1, 2 do ")  # behind a blank nothing is offered that Shift+Enter would take
    bench.press("Escape")
    bench.press("Shift+Enter")
    bench.type("print('line', i) end ")
    bench.press("Escape")
    bench.press("Enter")
    bench.wait_for_console("line 2")
    field.click()
    bench.type("cart.to")
    bench.page.locator(".suggest-widget .monaco-list-row").filter(has_text="total").wait_for()
    bench.picture("console")


def test_restart_runs_the_program_anew(workbench, folder: Path) -> None:
    """The button of the toolbar; what was changed in the file counts."""
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(13)
    bench.press("F5")
    bench.wait_for_stop(13)
    (folder / "shop.lua").write_text(SHOP.replace("apple", "plum"), encoding="utf-8")
    bench.press("Control+Shift+F5")
    bench.wait_for_console("plum")
    bench.wait_for_stop(13)


def test_run_without_debugging(workbench) -> None:
    """Control+F5 needs no configuration either, and passes over breakpoints."""
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(5)
    bench.press("Control+F5")
    bench.wait_for_console("total 12")
    bench.wait_for_end()


def test_run_does_not_stop(workbench) -> None:
    """The button of the editor's title runs the file to its end, breakpoints or not."""
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(5)
    bench.page.get_by_role("button", name="Run Lua File").first.click()
    bench.wait_for_console("total 12")
    bench.wait_for_end()
    bench.picture("run")


def test_the_button_debug_stops(workbench) -> None:
    """The other button of the editor's title stops at breakpoints; the list beside it has both."""
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(5)
    bench.choose_how_to_run("Debug Lua File")
    bench.wait_for_stop(5)


def test_a_configuration_without_a_program(workbench, folder: Path) -> None:
    """The message says what to write, and its button opens the file to write it in."""
    configure(folder, {"name": "nothing", "type": "llmspell", "request": "launch"})
    bench = workbench("shop.lua", SHOP)
    bench.press("F5")
    message = bench.page.get_by_text('The configuration "nothing" names no program.').first
    message.wait_for()
    bench.page.get_by_role("button", name="Open launch.json").first.click()
    bench.wait_for_file("launch.json")
