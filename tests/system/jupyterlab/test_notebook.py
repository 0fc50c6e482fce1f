"""A notebook of Lua in JupyterLab: run, complete, inspect, interrupt, restart."""

SHAPES = """-- A shape has a width and a height.
function area(w, h)
  return w * h
end

shapes = {
  {name = "door", size = area(1, 2)},
  {name = "window", size = area(2, 2)},
}
shapes"""


def test_cells_run_and_show_what_they_give(lab):
    """Output, values, tables and errors appear below the cells, with their numbers."""
    notebook = lab("run", SHAPES, "print('total', #shapes)", "error('no such shape')")
    notebook.run(1)
    notebook.wait_for_number(1, "1")
    notebook.output(1).locator("table td").get_by_text("window").wait_for()
    notebook.run(2)
    notebook.output(2).get_by_text("total").wait_for()
    notebook.run(3)
    notebook.output(3).get_by_text("In[3]:1: no such shape").first.wait_for()
    notebook.picture("lab-run")


def test_completion_lists_what_the_program_has(lab):
    """Tab offers fields of live tables and names of the library."""
    notebook = lab("complete", SHAPES, "string.rep")
    notebook.run(1)
    notebook.wait_for_number(1, "1")
    notebook.enter(2)
    notebook.page.keyboard.press("Control+A")
    notebook.page.keyboard.type("string.re")
    notebook.page.keyboard.press("Tab")
    rows = notebook.page.locator(".jp-Completer-item")
    rows.filter(has_text="rep").first.wait_for()
    rows.filter(has_text="reverse").first.wait_for()
    notebook.picture("lab-complete")


def test_inspection_shows_signature_and_comment(lab):
    """Shift+Tab tells what a function is."""
    notebook = lab("inspect", SHAPES, "area(1, 2)")
    notebook.run(1)
    notebook.wait_for_number(1, "1")
    notebook.enter(2)
    notebook.page.keyboard.press("Home")
    notebook.page.keyboard.press("ArrowRight")
    notebook.page.keyboard.press("Shift+Tab")
    tip = notebook.page.locator(".jp-Tooltip")
    tip.get_by_text("function area(w, h)").first.wait_for()
    tip.get_by_text("A shape has a width and a height.").first.wait_for()
    notebook.picture("lab-inspect")


def test_an_interrupt_stops_a_loop(lab):
    """The stop button ends a loop that catches all errors, and the variables stay."""
    notebook = lab("interrupt", SHAPES, "while true do pcall(function() while true do end end) end")
    notebook.run(1)
    notebook.wait_for_number(1, "1")
    notebook.run(2)
    notebook.wait_for_number(2, "*")
    notebook.wait_for_status("busy")
    notebook.interrupt()
    notebook.output(2).get_by_text("interrupted!").first.wait_for()
    notebook.wait_for_number(2, "2")
    notebook.picture("lab-interrupt")
    notebook.run(1)
    notebook.wait_for_number(1, "3")


def test_a_restart_begins_anew(lab):
    """After a restart the count and the variables begin from the start."""
    notebook = lab("restart", "kept = (kept or 0) + 1\nkept")
    notebook.run(1)
    notebook.wait_for_number(1, "1")
    notebook.run(1)
    notebook.wait_for_number(1, "2")
    notebook.restart()
    notebook.run(1)
    notebook.wait_for_number(1, "1")
    notebook.output(1).get_by_text("1", exact=True).first.wait_for()
    notebook.picture("lab-restart")


def test_input_is_asked_in_the_notebook(lab):
    """io.read puts a box below the cell."""
    notebook = lab(
        "input", "io.write('Name? ')\nname = io.read()\ngreeting = 'Hello, ' .. name\ngreeting"
    )
    notebook.run(1)
    box = notebook.page.locator(".jp-Stdin-input")
    box.wait_for()
    box.fill("Ada")
    notebook.page.keyboard.press("Enter")
    notebook.output(1).get_by_text('"Hello, Ada"').first.wait_for()
