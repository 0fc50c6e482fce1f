"""The visual debugger of JupyterLab on cells of Lua."""

TOTAL = """local function size_of(shape)
  local w, h = shape[1], shape[2]
  return w * h
end

total = 0
for _, shape in ipairs({{3, 4}}) do
  total = total + size_of(shape)
end
total"""


def test_a_breakpoint_by_a_click(lab):
    """A click beside a line stops the cell there; steps, variables and the stack follow."""
    notebook = lab("debug", TOTAL)
    notebook.switch_debugger(1)
    notebook.click_breakpoint(1, 8)
    notebook.click_breakpoint(1, 3)
    notebook.run(1)
    notebook.wait_for_stop(1, 8)
    notebook.variable("shape").wait_for()
    notebook.hide_files()
    notebook.press("Step In")
    notebook.wait_for_stop(1, 2)
    notebook.press("Next")
    notebook.wait_for_stop(1, 3)
    notebook.variable("w").get_by_text("3").wait_for()
    assert 2 == notebook.frames().count()
    notebook.picture("notebook")
    notebook.press("Step Out")
    notebook.wait_for_stop(1, 8)
    notebook.press("Continue")
    notebook.wait_for_number(1, "1")
    notebook.output(1).get_by_text("12").first.wait_for()


def test_globals_are_shown_while_nothing_stops(lab):
    """The panel has the kernel's variables as soon as the debugger is on, without the library."""
    notebook = lab("globals", "shapes = {door = 2}", "1")
    notebook.run(1)
    notebook.wait_for_number(1, "1")
    notebook.switch_debugger(1)
    notebook.variable("shapes").get_by_text("{door = 2}").wait_for()
    assert 0 == notebook.page.locator(".jp-DebuggerVariables-body").get_by_text("string").count()


def test_a_reload_while_it_stands(lab):
    """The page finds the stop, the stack and the breakpoints again, and goes on."""
    notebook = lab("reload", TOTAL)
    notebook.switch_debugger(1)
    notebook.click_breakpoint(1, 3)
    notebook.run(1)
    notebook.wait_for_stop(1, 3)
    notebook.page.reload()
    notebook.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    notebook.frames().first.wait_for()
    notebook.page.locator(".jp-DebuggerBreakpoint").first.wait_for()
    notebook.variable("w").wait_for()
    notebook.picture("lab-reload")
    notebook.press("Continue")
    notebook.wait_for_running()


def test_evaluating_while_it_stands(lab):
    """The evaluate dialog computes in the frame that is shown."""
    notebook = lab("evaluate", TOTAL, "seen")
    notebook.switch_debugger(1)
    notebook.click_breakpoint(1, 3)
    notebook.run(1)
    notebook.wait_for_stop(1, 3)
    notebook.press("Evaluate Code")
    notebook.page.locator(".jp-CodeConsole-input .cm-content").click()
    notebook.page.keyboard.type("seen = w + 40")
    notebook.page.keyboard.press("Shift+Enter")
    notebook.page.locator(".jp-CodeConsole-content").get_by_text("seen = w + 40").wait_for()
    notebook.picture("lab-evaluate")
    notebook.press("Continue")
    notebook.wait_for_number(1, "1")
    notebook.run(2)
    notebook.output(2).get_by_text("43").first.wait_for()


def test_an_interrupt_keeps_the_breakpoints(lab):
    """After a cell was interrupted where it stood, the next run stops there again."""
    notebook = lab("again", TOTAL)
    notebook.switch_debugger(1)
    notebook.click_breakpoint(1, 8)
    for count in ("1", "2"):
        notebook.run(1)
        notebook.wait_for_stop(1, 8)
        notebook.interrupt()
        notebook.wait_for_number(1, count)
        notebook.output(1).get_by_text("interrupted!").first.wait_for()


def test_a_restart_keeps_the_breakpoints(lab):
    """JupyterLab sets them anew in the kernel that began, and they stop it."""
    notebook = lab("restarted", TOTAL)
    notebook.switch_debugger(1)
    notebook.click_breakpoint(1, 8)
    before = notebook.breakpoint_files()
    notebook.restart()
    notebook.wait_for_other_breakpoints(before)
    notebook.run(1)
    notebook.wait_for_stop(1, 8)
    notebook.press("Continue")
    notebook.wait_for_number(1, "1")


def test_errors_stop_when_that_is_chosen(lab):
    """Pause on exceptions stops where an error is raised that nobody catches."""
    notebook = lab("errors", "local price = 5\nlocal sum = price + nothing")
    notebook.switch_debugger(1)
    notebook.press("Pause on exception filter")
    notebook.page.locator(".lm-Menu-item").filter(has_text="uncaught").click()
    notebook.page.keyboard.press("Escape")
    notebook.run(1)
    notebook.wait_for_stop(1, 2)
    notebook.variable("price").wait_for()
    notebook.picture("lab-errors")
    notebook.press("Continue")
    notebook.wait_for_number(1, "1")


SHAPES = """local function count(shapes)
  local number = #shapes
  return number
end
doors = {{name = "front"}, {name = "back"}}
return count(doors)"""


def test_copying_to_the_globals(lab):
    """A local variable is copied while the cell stands, and another cell uses it afterwards."""
    notebook = lab("copy", SHAPES, "#shapes")
    notebook.switch_debugger(1)
    notebook.click_breakpoint(1, 3)
    notebook.run(1)
    notebook.wait_for_stop(1, 3)
    notebook.choose_for_variable("shapes", "Copy Variable to Globals")
    notebook.press("Continue")
    notebook.wait_for_number(1, "1")
    notebook.run(2)
    notebook.output(2).get_by_text("2").first.wait_for()


def test_a_variable_is_rendered(lab):
    """The rich view of a list of records is a table."""
    notebook = lab("render", SHAPES)
    notebook.switch_debugger(1)
    notebook.click_breakpoint(1, 3)
    notebook.run(1)
    notebook.wait_for_stop(1, 3)
    notebook.choose_for_variable("shapes", "Render Variable")
    table = notebook.page.locator(".jp-VariableRendererPanel-renderer table")
    table.locator("td").get_by_text("front").wait_for()
    notebook.picture("lab-rendered")
    notebook.press("Continue")


def test_the_stack_has_functions_of_c(lab):
    """The call stack is shown whole where functions that are not Lua are on it."""
    code = "local function f(a, b)\n  return a < b\nend\nlist = {2, 1}\npcall(table.sort, list, f)"
    notebook = lab("stack", code)
    notebook.switch_debugger(1)
    notebook.click_breakpoint(1, 2)
    notebook.run(1)
    notebook.wait_for_stop(1, 2)
    notebook.frames().first.get_by_text("Cell [*]:2").wait_for()
    for name in ("table.sort", "pcall", "main chunk"):
        notebook.frames().filter(has_text=name).first.wait_for()
    notebook.frames().filter(has_text="pcall").first.click()
    notebook.variable("func").wait_for()
    notebook.frames().first.click()
    notebook.variable("func").wait_for(state="detached")
    notebook.wait_for_stop(1, 2)
    notebook.picture("lab-stack")
    notebook.press("Continue")
    notebook.wait_for_number(1, "1")
