"""The language server, as a person meets it in the workbench."""

import json
from pathlib import Path

import pytest

from tests.system.vscode.programs import SHOP

pytestmark = pytest.mark.timeout(240)


def test_problems_appear_while_typing(workbench) -> None:
    """What the compiler refuses is underlined, and gone once it is mended; so is what is unused."""
    bench = workbench("shop.lua", SHOP + "local spare = 1\n")
    warning = bench.page.locator(".squiggly-unnecessary, .squiggly-hint, .squiggly-warning")
    warning.first.wait_for()
    bench.go_to(14, 16)
    bench.type(" +")
    bench.page.locator(".squiggly-error").first.wait_for()
    bench.command("View: Focus Problems")
    problems = bench.page.locator(".markers-panel .monaco-list-row")
    problems.filter(has_text="near").first.wait_for()
    bench.picture("problems")
    bench.go_to(14, 18)
    bench.press("Backspace")
    bench.until_gone(".squiggly-error")


def test_completion_knows_fields_and_the_library(workbench) -> None:
    """Fields of a table of the file; functions of the Lua that is chosen, with what they do."""
    bench = workbench("shop.lua", SHOP)
    bench.wait_for_server()
    bench.go_to(14, 1)
    bench.type("print(cart.")
    offered = bench.page.locator(".suggest-widget .monaco-list-row")
    offered.filter(has_text="total").wait_for()
    offered.filter(has_text="items").wait_for()
    bench.picture("completion")
    bench.press("Escape")
    bench.press("End")
    bench.press("Enter")
    bench.type("string.form")
    offered.filter(has_text="format").wait_for()


def test_rename_changes_every_use(workbench) -> None:
    """F2 on a local renames it where it is meant, and nowhere else."""
    bench = workbench("shop.lua", SHOP)
    bench.wait_for_server()
    bench.go_to(4, 4)
    bench.press("F2")
    box = bench.page.locator(".rename-box input")
    box.wait_for()
    box.fill("basket")
    bench.press("Enter")
    bench.until(lambda: "basket.total" in bench.text_of_line(13))
    bench.until(lambda: "local basket = { items" in bench.text_of_line(1))
    bench.until(lambda: "basket.items[#basket.items + 1]" in bench.text_of_line(4))


def test_hover_says_what_a_function_does(workbench) -> None:
    """Signature and a line of documentation."""
    bench = workbench("shop.lua", SHOP)
    bench.wait_for_server()
    assert "ipairs" in bench.hover(9, "ipairs").inner_text()
    bench.picture("hover")


def test_lenses_run_and_debug(workbench) -> None:
    """Above the first line stand Run and Debug, and they do it."""
    bench = workbench("shop.lua", SHOP)
    lens = bench.page.locator(".codelens-decoration a")
    lens.filter(has_text="Debug").first.wait_for()
    bench.picture("lenses")
    bench.click_breakpoint(13)
    lens.filter(has_text="Debug").first.click()
    bench.wait_for_stop(13)


def test_a_lens_debugs_a_function(workbench) -> None:
    """It stops where the function begins, and leaves no breakpoint behind."""
    bench = workbench("f.lua", "local function work()\n  local x = 1\n  return x\nend\nwork()\n")
    bench.page.locator(".codelens-decoration a").filter(has_text="Debug this").click()
    bench.wait_for_stop(2)
    bench.press("F5")
    bench.wait_for_end()
    bench.until_gone(".codicon-debug-breakpoint")


def test_values_stand_in_the_text_while_stopped(workbench) -> None:
    """Beside the lines up to the stop; the pointer on a name gets the value, too."""
    bench = workbench("shop.lua", SHOP)
    bench.wait_for_server()
    bench.click_breakpoint(11)
    bench.press("F5")
    bench.wait_for_stop(11)
    bench.until(lambda: "count = 1" in bench.text_of_line(10))
    bench.open_scope("Locals")
    bench.variable("count").wait_for()
    bench.picture("values")


def test_completion_shows_live_values(workbench) -> None:
    """While the program is stopped, what is offered says what it is worth there."""
    bench = workbench("shop.lua", SHOP)
    bench.wait_for_server()
    bench.click_breakpoint(11)
    bench.press("F5")
    bench.wait_for_stop(11)
    bench.open_scope("Locals")
    bench.until(lambda: "count = 1" in bench.text_of_line(10))
    bench.go_to(11, 28)
    bench.press("Enter")
    bench.type("print(cart.")
    offered = bench.page.locator(".suggest-widget .monaco-list-row").filter(has_text="total")
    offered.wait_for()
    bench.picture("live")
    assert "2" in offered.inner_text()


def test_the_chosen_lua_counts(workbench, folder: Path) -> None:
    """The status bar's list chooses; what that Lua does not know is an error then."""
    bench = workbench("five.lua", "goto done\nlocal x = 7 // 2\n::done::\n")
    bench.wait_for_server()
    bench.page.locator(".statusbar-item").get_by_text("Lua 5.4").click()
    bench.choose("Lua 5.1")
    bench.page.locator(".squiggly-error").first.wait_for()
    settings = folder / ".vscode" / "settings.json"
    bench.until(settings.exists)
    assert '"llmspell.lua.version": "5.1"' in settings.read_text(encoding="utf-8")


def test_the_configured_lua_counts(workbench, folder: Path) -> None:
    """Where nobody has chosen, llmspell.toml says it: to the status bar, the server and F5."""
    (folder / "llmspell.toml").write_text('[engines.lua]\nversion = "5.1"\n', encoding="utf-8")
    bench = workbench("five.lua", "print(_VERSION)\nprint(table.unpack)\n")
    bench.page.locator(".statusbar-item").get_by_text("Lua 5.1").wait_for()
    bench.page.locator(".squiggly-warning").first.wait_for()
    bench.press("F5")
    bench.wait_for_console("Lua 5.1")
    (folder / "llmspell.toml").write_text('[engines.lua]\nversion = "5.3"\n', encoding="utf-8")
    bench.page.locator(".statusbar-item").get_by_text("Lua 5.3").wait_for()
    bench.until_gone(".squiggly-warning")


def test_cells_of_notebooks_are_left_alone(workbench, folder: Path) -> None:
    """A cell is part of a program; what is missing in it, and in no file, is no problem."""
    cell = {
        "cell_type": "code",
        "source": ["print(nowhere)"],
        "outputs": [],
        "execution_count": None,
    }
    cell |= {"metadata": {"vscode": {"languageId": "lua"}}}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "prices.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    bench = workbench("shop.lua", SHOP)
    bench.wait_for_server()
    files = bench.page.locator(".explorer-folders-view")
    files.get_by_text("prices.ipynb").click()
    bench.page.locator(".notebook-editor .view-line").filter(has_text="nowhere").first.wait_for()
    files.get_by_text("shop.lua").click()
    bench.wait_for_file("shop.lua")
    bench.go_to(14, 1)
    bench.type("print(elsewhere)")
    bench.command("View: Focus Problems")
    problems = bench.page.locator(".markers-panel .monaco-list-row")
    problems.filter(has_text="elsewhere").first.wait_for()
    assert 0 == problems.filter(has_text="nowhere").count()


def test_restart_says_why_there_is_no_server(workbench, folder: Path) -> None:
    """Who asks for the language server is told what it lacks."""
    (folder / ".venv").rename(folder / "kept")
    bench = workbench("shop.lua", SHOP)
    bench.command("llmspell: Restart Language Server")
    said = bench.page.locator(".notification-toast").filter(has_text="llmspell was not found")
    said.wait_for()
