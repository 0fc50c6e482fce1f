"""Programs that run already, terminals, and several sessions at once."""

import json
from pathlib import Path

import pytest

from kernel.api import connect_blocking
from kernel.jupyter.connection import runtime_directory
from tests.support.commands import Running
from tests.system.vscode.programs import LOOPING, SHOP, configure, write_python

pytestmark = pytest.mark.timeout(240)


def test_attach_by_list(workbench, folder: Path) -> None:
    """The command lists what `llmspell debug` runs; the chosen one stops, and says its Lua."""
    bench = workbench("looping.lua", LOOPING)
    with Running(["debug", "looping.lua", "--dap-port", "0", "--lua", "5.3"], folder):
        bench.click_breakpoint(4)
        bench.command("llmspell: Attach to a Running Lua Program")
        bench.page.locator(".quick-input-list").get_by_text("looping.lua").first.wait_for()
        bench.picture("attach")
        bench.choose("looping.lua")
        bench.wait_for_stop(4)
        bench.open_scope("Locals")
        assert "1" == bench.value("round")
        bench.page.locator(".statusbar-item").get_by_text("Lua 5.3").wait_for()


def test_attach_to_a_kernel(workbench, folder: Path) -> None:
    """The list has the kernel that was started here: what a cell runs stops, and goes on."""
    bench = workbench("area.lua", "function area(w, h)\n  return w * h\nend\n")
    bench.wait_for_server()  # its lenses move the lines
    bench.click_breakpoint(2)
    others = _kernels()
    bench.command("llmspell: Start Kernel")
    (file,) = bench.until(lambda: _kernels() - others)
    name = file.stem.replace("-", " ")
    bench.until(lambda: "listening on dap" in bench.terminal())
    bench.command("llmspell: Attach to a Running Lua Program")
    bench.page.locator(".quick-input-list").get_by_text(name).first.wait_for()
    bench.picture("attach-kernel")
    bench.choose(name)
    bench.evaluate("6 * 7")
    bench.wait_for_console("42")
    with connect_blocking(file) as kernel:
        kernel.execute(f"dofile([[{folder / 'area.lua'}]])\nreturn area(6, 7)")
        bench.wait_for_stop(2)
        bench.open_scope("Locals")
        assert "6" == bench.value("w")
        bench.press("F5")
        assert "ok" == kernel.get_shell_msg(timeout=30)["content"]["status"]


def _kernels() -> set[Path]:
    """Their connection files."""
    return set(runtime_directory().glob("kernel-*.json"))


def test_attach_to_a_port_of_launch_json(workbench, folder: Path) -> None:
    """What launch.json says is asked of nobody."""
    bench = workbench("looping.lua", LOOPING)
    with Running(["debug", "looping.lua", "--dap-port", "0"], folder) as running:
        attach = {"name": "to port", "type": "llmspell", "request": "attach", "port": running.port}
        configure(folder, attach)
        bench.click_breakpoint(4)
        bench.press("F5")
        bench.wait_for_stop(4)
        bench.press("F5")
        bench.wait_for_stop(4)


def test_a_variable_stands_for_the_chosen_program(workbench, folder: Path) -> None:
    """The editor puts its address in as a text; what is attached to gets numbers."""
    bench = workbench("looping.lua", LOOPING)
    attach = {"name": "chosen", "type": "llmspell", "request": "attach"}
    configure(folder, {**attach, "port": "${command:PickProcess}"})
    with Running(["debug", "looping.lua", "--dap-port", "0"], folder):
        bench.click_breakpoint(4)
        bench.press("F5")
        bench.choose("looping.lua")
        bench.wait_for_stop(4)


def test_a_program_in_the_terminal(workbench, folder: Path) -> None:
    """It asks, and is answered, where programs are: in the integrated terminal."""
    asking = 'io.write("your name? ")\nlocal name = io.read()\nprint("hello " .. name)\n'
    configure(
        folder,
        {
            "name": "in a terminal",
            "type": "llmspell",
            "request": "launch",
            "program": "${file}",
            "console": "integratedTerminal",
        },
    )
    bench = workbench("ask.lua", asking)
    bench.click_breakpoint(3)
    bench.press("F5")
    terminal = bench.page.locator(".terminal-wrapper.active")
    terminal.wait_for()
    bench.until(lambda: "your name?" in bench.terminal())
    terminal.click()
    bench.type("Ada\n")
    bench.wait_for_stop(3)
    bench.open_scope("Locals")
    assert '"Ada"' == bench.value("name")
    bench.picture("terminal")
    bench.press("F5")
    bench.until(lambda: "hello Ada" in bench.terminal())


def test_two_sessions_at_once(workbench, folder: Path) -> None:
    """A compound starts both; each stops, and looks at its own variables."""
    names = ("first", "second")
    configurations = [
        {
            "name": name,
            "type": "llmspell",
            "request": "launch",
            "program": "${workspaceFolder}/shop.lua",
            "lua": lua,
        }
        for name, lua in zip(names, ("5.1", "luajit"), strict=True)
    ]
    configure(folder, *configurations, compounds=[{"name": "both", "configurations": names}])
    bench = workbench("shop.lua", SHOP)
    bench.click_breakpoint(13)
    bench.command("Debug: Select and Start Debugging")
    bench.choose("both")
    sessions = bench.page.locator(".debug-call-stack .session .name")
    bench.until(lambda: sorted(sessions.all_inner_texts()) == list(names))  # who is ready first
    states = bench.page.locator(".debug-call-stack .session .state.label")
    bench.until(lambda: states.all_inner_texts() == ["Paused On Breakpoint"] * 2)
    bench.picture("sessions")
    for name, shown in zip(names, ("Lua 5.1", "LuaJIT"), strict=True):
        sessions.filter(has_text=name).click()
        bench.page.locator(".statusbar-item").get_by_text(shown).wait_for()
        bench.evaluate("_VERSION, jit ~= nil")
    bench.wait_for_console('"Lua 5.1", true')


def test_no_llmspell_says_how_to_get_it(workbench, folder: Path) -> None:
    """The message names the command that installs it, the button runs it; then all comes alive."""
    command = folder / ".venv" / "bin" / "llmspell"
    command.rename(command.with_name("kept"))
    bench = workbench("shop.lua", SHOP)
    bench.press("F5")
    message = bench.page.locator(".notification-toast").filter(has_text="llmspell was not found")
    message.wait_for()
    assert "python3 -m pip install --upgrade llmspell" in message.inner_text()
    bench.picture("missing")
    message.get_by_role("button", name="Install in Terminal").click()
    said = "not run: python3 -m pip install --upgrade llmspell"
    bench.until(lambda: said in bench.terminal())
    command.with_name("kept").rename(command)
    bench.wait_for_server()
    bench.click_breakpoint(5)
    bench.go_to(5)
    bench.press("F5")
    bench.wait_for_stop(5)


def test_what_has_gone_is_looked_for_again(workbench, folder: Path) -> None:
    """Where the environment is another one now, its llmspell is the one that runs."""
    bench = workbench("shop.lua", SHOP)
    bench.wait_for_server()
    (folder / ".venv").rename(folder / "venv")
    bench.click_breakpoint(5)
    bench.press("F5")
    bench.wait_for_stop(5)


def test_an_old_llmspell_says_which_is_needed(workbench, folder: Path) -> None:
    """The version that is there, and the one that has to be; its own Python installs that."""
    command = folder / ".venv" / "bin" / "llmspell"
    command.write_text("#!/bin/sh\necho llmspell 0.8.1\n", encoding="utf-8")
    python = write_python(command.with_name("python"))
    bench = workbench("shop.lua", SHOP)
    bench.press("F5")
    said = "is llmspell 0.8.1; this extension needs 0.9 or newer"
    message = bench.page.locator(".notification-toast").filter(has_text=said)
    message.wait_for()
    assert f"{python} -m pip install --upgrade llmspell" in message.inner_text()
    message.get_by_role("button", name="Install in Terminal").click()
    bench.until(lambda: "not run: python -m pip install" in bench.terminal())


def test_a_wrong_setting_can_be_changed(workbench, folder: Path) -> None:
    """Where the setting leads to nothing, installing is not offered: nothing else is looked at."""
    (folder / ".vscode").mkdir()
    settings = {"llmspell.path": "${workspaceFolder}/tools/llmspell"}
    (folder / ".vscode" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    bench = workbench("shop.lua", SHOP)
    bench.press("F5")
    message = bench.page.locator(".notification-toast").filter(has_text="There is no program")
    message.get_by_role("button", name="Open Settings").wait_for()
    assert 0 == message.get_by_role("button", name="Install in Terminal").count()
    (folder / ".venv" / "bin").rename(folder / "tools")
    bench.wait_for_server()
