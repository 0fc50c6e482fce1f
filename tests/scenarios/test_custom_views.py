"""Custom views: types are shown as their author thinks of them, or as somebody registered it."""

from pathlib import Path

ACCOUNTS = """
    local Account = { __debugtype = "Account", __debugline = "{owner}: {balance / 100} EUR" }
    Account.__index = Account
    function Account.__debugcontents(account)
      return { owner = account.owner, balance = account.balance }
    end
    local account = setmetatable({ owner = "Ada", balance = 1250, cache = {} }, Account)
    local list = { account }
    print(account.owner)  -- @here
"""


def test_a_type_decides_how_it_is_shown(debug):
    """``__debugline``, ``__debugtype`` and ``__debugcontents`` stand for the plain table."""
    with debug(ACCOUNTS) as d:
        d.break_at("here")
        d.run()
        account = d.variable("account")
        assert ("Ada: 12.5 EUR", "Account") == (account.value, account.type)
        children = d.children(account.variables_reference)
        assert ("1250", '"Ada"') == (children["balance"], children["owner"])
        assert "cache" not in children
        raw = next(
            each for each in d.variables(account.variables_reference) if each.name == "[[raw]]"
        )
        assert "cache" in d.children(raw.variables_reference)


def test_views_count_everywhere(debug):
    """Watches, the console, hovers and entries of other tables show a value in the same way."""
    with debug(ACCOUNTS) as d:
        d.break_at("here")
        d.run()
        for context in ("watch", "repl", "hover"):
            assert "Ada: 12.5 EUR" == d.evaluate("account", context=context)
        (entry,) = d.variables(d.variable("list").variables_reference)
        assert ("[1]", "Ada: 12.5 EUR", "list[1]") == (
            entry.name,
            entry.value,
            entry.evaluate_name,
        )
        assert "owner" in d.evaluate("account", context="clipboard")


def test_changes_show_at_once(debug):
    """A view is computed when it is looked at, not when it was first seen."""
    with debug(ACCOUNTS) as d:
        d.break_at("here")
        d.run()
        d.evaluate("account.balance = 0", context="repl")
        assert d.locals()["account"].startswith("Ada: 0")


def test_views_of_types_one_does_not_own(debug):
    """A view may be registered for a metatable or for the name of a type."""
    with debug("""
        local Foreign, Named = {}, { __name = "Vector" }
        local is_debugged, views = pcall(require, "llmspell.views")
        if is_debugged then
          views[Foreign] = { line = "foreign {n}", type = "F" }
          views["Vector"] = {
            line = function(v) return "(" .. v[1] .. ", " .. v[2] .. ")" end,
            contents = function(v) return { x = v[1], y = v[2] } end,
          }
          views[getmetatable(io.stdout)] = { line = function(file) return io.type(file) end }
        end
        local foreign, vector = setmetatable({ n = 5 }, Foreign), setmetatable({ 1, 2 }, Named)
        local out = io.stdout
        print(is_debugged)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        shown = d.locals()
        assert ("foreign 5", "(1, 2)", "file") == (
            shown["foreign"],
            shown["vector"],
            shown["out"],
        )
        assert "F" == d.variable("foreign").type
        children = d.children(d.variable("vector").variables_reference)
        assert ("1", "2") == (children["x"], children["y"])
        assert "llmspell.views" not in [each.name for each in d.requests.modules().modules]


def test_a_view_that_fails_or_never_returns(debug):
    """Its error is shown in its place; what takes too long is broken off; the rest is fine."""
    with debug("""
        local function shown(line) return setmetatable({}, { __debugline = line }) end
        local fails = shown(function() error("view broke") end)
        local hangs = shown(function() while true do end end)
        local wrong = shown("{nosuch.field}")
        local bad = shown("{1 +}")
        local exits = shown(function() os.exit(1) end)
        local fine = 1
        print("still here")  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        found = d.locals()
        assert "view broke" in found["fails"]
        assert "too long" in found["hangs"]
        assert "attempt to index" in found["wrong"]
        assert "unexpected" in found["bad"]
        assert "os.exit" in found["exits"]
        assert "1" == found["fine"]
        assert 0 == d.run_to_end()
        assert "still here\n" == d.output("stdout")


def test_the_page_s_example_works(debug):
    """The documentation's own example does what it says."""
    page = Path(__file__).parents[2] / "docs" / "how-to" / "custom-views.md"
    example, register = (part.split("```")[0] for part in page.read_text().split("```lua\n")[1:3])
    with debug(f"{example}{register}print(account)  -- @here\n") as d:
        d.break_at("here")
        d.run()
        assert "Ada: 12.5 EUR" == d.locals()["account"]
        assert "file" == d.evaluate("io.stdout")
