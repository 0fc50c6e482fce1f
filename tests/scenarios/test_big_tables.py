"""Tables too large to be shown at once: counted, paged, complete, and the same when asked again."""

import pytest

MILLION = """
    local t = {}
    for i = 1, 1000000 do t[i] = i end
    t.name = "large"
    print(#t)  -- @here
"""


def test_a_million_entries_are_paged(debug):
    """A client that pages gets any page of a million entries; the second ask answers the same."""
    with debug(MILLION) as d:
        d.break_at("here")
        d.run()
        t = d.variable("t")
        assert (1000000, 1) == (t.indexed_variables, t.named_variables)
        ref = t.variables_reference

        def page(**asked):
            return d.requests.variables(variables_reference=ref, **asked).variables

        first = page(filter="indexed", start=0, count=100)
        assert ["1", "100"] == [first[0].value, first[-1].value]
        last = page(filter="indexed", start=999900, count=100)
        assert ["[999901]", "[1000000]"] == [last[0].name, last[-1].name]
        assert "1000000" == d.evaluate(last[-1].evaluate_name)
        assert first == page(filter="indexed", start=0, count=100)
        assert ['"large"'] == [each.value for each in page(filter="named")]


def test_all_of_a_large_table_at_once_is_bounded(debug):
    """A client that pages and still asks for everything gets a thousand and where to go on."""
    with debug(MILLION) as d:
        d.break_at("here")
        d.run()
        ref = d.variable("t").variables_reference
        children = d.requests.variables(variables_reference=ref, filter="indexed").variables
        assert 1001 == len(children)
        rest = children[-1]
        assert ("…", "from [1001] on") == (rest.name, rest.value)
        (following,) = d.requests.variables(
            variables_reference=rest.variables_reference, filter="indexed", start=0, count=1
        ).variables
        assert ("[1001]", "1001") == (following.name, following.value)
        second = d.requests.variables(variables_reference=rest.variables_reference).variables
        assert ["[1001]", "[2000]"] == [second[0].name, second[-2].name]
        assert ("…", "from [2001] on") == (second[-1].name, second[-1].value)


def test_a_client_that_cannot_page_gets_nodes(debug):
    """Without ``supportsVariablePaging`` a million entries come as nodes, all reachable."""
    with debug(MILLION) as d:
        d.initialize(supports_variable_paging=False)
        d.break_at("here")
        d.run()
        t = d.variable("t")
        assert (None, None) == (t.indexed_variables, t.named_variables)
        nodes = d.variables(t.variables_reference)
        assert len(nodes) <= 1001
        assert "name" in [each.name for each in nodes]
        node = next(each for each in nodes if each.name.startswith("[999"))
        assert node.presentation_hint.kind == "virtual"
        inside = d.variables(node.variables_reference)
        assert len(inside) <= 1000
        wanted = next(each for each in inside if each.name == "[999500]")
        assert "999500" == wanted.value == d.evaluate(wanted.evaluate_name)
        assert (
            "7"
            == d.requests.set_variable(
                variables_reference=node.variables_reference, name="[999500]", value="7"
            ).value
        )
        assert "7" == d.evaluate("t[999500]")


def test_arguments_hold_for_a_client_that_cannot_page(debug):
    """One kind of children when that is asked for, of nodes too; a page when a page is."""
    with debug(MILLION) as d:
        d.initialize(supports_variable_paging=False)
        d.break_at("here")
        d.run()
        table = d.variable("t").variables_reference

        def names(ref, **arguments):
            found = d.requests.variables(variables_reference=ref, **arguments).variables
            return [each.name for each in found]

        assert ["name"] == names(table, filter="named")
        nodes = names(table, filter="indexed")
        assert ["name", *nodes] == names(table)
        node = d.variables(table)[1].variables_reference
        assert [] == names(node, filter="named")
        assert names(node) == names(node, filter="indexed")
        assert ["[4]", "[5]"] == names(table, filter="indexed", start=3, count=2)


def test_page_sizes_follow_the_launch(debug):
    """``display.maxChildren`` is how many children a client without pages gets at once."""
    with debug("""
        local t = {}
        for i = 1, 95 do t[i] = i end
        print(#t)  -- @here
    """) as d:
        d.initialize(supports_variable_paging=False)
        d.break_at("here")
        d.run(display={"maxChildren": 10})
        nodes = d.variables(d.variable("t").variables_reference)
        assert ["[1…10]", "[91…95]"] == [nodes[0].name, nodes[-1].name]
        assert 10 == len(nodes)


KEYS = """
    local t = {}
    for i = 1, COUNT do t["key" .. i] = i end
    print("made")  -- @here
"""


def test_every_key_can_be_reached(debug):
    """Many keys that are no list can be paged to the end: each is there, and only once."""
    with debug(KEYS.replace("COUNT", "12000")) as d:
        d.break_at("here")
        d.run()
        ref = d.variable("t").variables_reference
        pages = [
            d.requests.variables(variables_reference=ref, filter="named", start=start, count=3000)
            for start in range(0, 15000, 3000)
        ]
        names = [each.name for page in pages for each in page.variables]
        assert [3000, 3000, 3000, 3000, 0] == [len(page.variables) for page in pages]
        assert 12000 == len(set(names))


def test_hundreds_of_thousands_of_keys(debug):
    """Of 300,000 keys the last ones can be looked at, and the same page is the same again."""
    with debug(KEYS.replace("COUNT", "300000")) as d:
        d.break_at("here")
        d.run()
        ref = d.variable("t").variables_reference

        def page(start):
            asked = d.requests.variables(
                variables_reference=ref, filter="named", start=start, count=50
            ).variables
            return [(each.name, each.value) for each in asked]

        first, last = page(0), page(299980)
        assert (50, 20) == (len(first), len(last))
        assert [] == page(300000)
        assert (first, last) == (page(0), page(299980))
        assert not set(first) & set(last)


def test_sparse_tables_and_holes(debug):
    """Far keys and holes do not make a table look longer than it is, and nothing is lost."""
    with debug("""
        local sparse = { [1] = "a", [1000000000] = "b" }
        local holes = { 1, nil, 3, nil, 5 }
        print(sparse, holes)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        sparse = d.children(d.variable("sparse").variables_reference)
        assert {'"a"', '"b"'} == set(sparse.values())
        holes = d.children(d.variable("holes").variables_reference)
        assert {"1", "3", "5"} == set(holes.values()) - {"nil"}


def test_deep_nesting(debug):
    """Ten thousand levels of tables are no trouble: one level is looked at each time."""
    with debug("""
        local deep = {}
        local at = deep
        for i = 1, 10000 do at.t = { n = i }; at = at.t end
        print(deep)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        variable = d.variable("deep")
        for level in range(1, 30):
            children = {each.name: each for each in d.variables(variable.variables_reference)}
            variable = children["t"]
            assert variable.value.startswith(f"{{n = {level}") or level == 10000


def test_a_table_that_changes_is_read_anew(debug):
    """What evaluated code changed is seen in the next page; keys that left do not break it."""
    with debug("""
        local t = { a = 1, b = 2, c = 3 }
        print(t)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        ref = d.variable("t").variables_reference
        assert ["a", "b", "c"] == list(d.children(ref))
        d.evaluate("t.b = nil", context="repl")
        d.evaluate("t.d = 4", context="repl")
        assert {"a": "1", "c": "3", "d": "4"} == d.children(ref)


@pytest.mark.lua("5.3", "5.4", "5.5")
def test_weak_tables_may_lose_entries(debug):
    """A collected entry is gone from the next look, and looking fails at nothing."""
    with debug("""
        local weak = setmetatable({}, { __mode = "k" })
        local kept = {}
        weak[kept], weak[{}] = "kept", "lost"
        print(weak)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        ref = d.variable("weak").variables_reference
        d.children(ref)
        d.evaluate("collectgarbage()", context="repl")
        d.evaluate("collectgarbage()", context="repl")
        values = set(d.children(d.variable("weak").variables_reference).values())
        assert '"kept"' in values
