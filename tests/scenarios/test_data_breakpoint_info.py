"""What can be watched, under which id, and what every field of the two requests means."""

import pytest

from dap_server.protocol import generated as dap

PROGRAM = """
shared = 1
local n = 1
local t = { size = 1, inner = { deep = 1 } }
local function up() return n end
local function f(a)
  return a + up()  -- @inside
end
f(1)
n, t.size, t.inner.deep, shared = 2, 2, 2, 2  -- @change
local last = 1  -- @after
"""


def info_of(d, name, **place):
    """What is answered for a name."""
    return d.requests.data_breakpoint_info(name=name, **place)


def frame(d, number=0):
    """A frame where the program stands, by its number from the top."""
    return d.client.stack()[number].id


def set_(d, *ids, **fields):
    """Set data breakpoints by their ids; the answers."""
    wanted = [dap.DataBreakpoint(data_id=each, **fields) for each in ids]
    return d.requests.set_data_breakpoints(breakpoints=wanted).breakpoints


def run_inside(d):
    """To the function that the marked line is in; its breakpoint is taken away."""
    d.break_at("inside")
    d.run()
    d.client.set_breakpoints(d.path)


def test_an_expression_in_a_frame(debug):
    """A name means what it means in the frame that is named."""
    with debug(PROGRAM) as d:
        run_inside(d)
        own, callers = (info_of(d, "a", frame_id=frame(d, each)) for each in (0, 1))
        assert ("local a of f", "global a") == (own.description, callers.description)
        outer = info_of(d, "n", frame_id=frame(d, 1))
        assert "local n of main chunk" == outer.description
        set_(d, outer.data_id)
        assert "n changed from 1 to 2" == d.continue_().description
        d.requests.set_data_breakpoints(breakpoints=[])
        assert 0 == d.run_to_end()


def test_a_name_without_a_frame(debug):
    """It is a global's."""
    with debug(PROGRAM) as d:
        run_inside(d)
        info = info_of(d, "n")
        assert ("global n", "global:n") == (info.description, info.data_id)
        set_(d, info_of(d, "shared").data_id)
        assert "shared changed from 1 to 2" == d.continue_().description
        assert 0 == d.run_to_end()


def test_a_child_of_a_value(debug):
    """With a reference, a name is that of a child, and a frame does not matter."""
    with debug(PROGRAM) as d:
        run_inside(d)
        t = d.variable("t", frame=frame(d, 1))
        fields = {each.name: each for each in d.client.variables(t.variables_reference)}
        inner = fields["inner"].variables_reference
        size = info_of(d, "size", variables_reference=t.variables_reference, frame_id=frame(d))
        deep = info_of(d, "deep", variables_reference=inner)
        answers = set_(d, size.data_id, deep.data_id)
        assert [True, True] == [each.verified for each in answers]
        stop = d.continue_()
        assert {each.id for each in answers} == set(stop.breakpoints)
        told = sorted(stop.description.split("; "))
        assert ["deep changed from 1 to 2", "size changed from 1 to 2"] == told
        d.requests.set_data_breakpoints(breakpoints=[])
        assert 0 == d.run_to_end()


def test_an_upvalue_among_the_children_of_a_function(debug):
    """It is the variable itself."""
    with debug(PROGRAM) as d:
        run_inside(d)
        up = d.variable("up", scope="Upvalues")
        info = info_of(d, "n", variables_reference=up.variables_reference)
        assert "upvalue n" == info.description
        set_(d, info.data_id)
        assert "n changed from 1 to 2" == d.continue_().description
        d.requests.set_data_breakpoints(breakpoints=[])
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("name", ["n", "t.size", "shared", "a"])
def test_writes_are_offered(debug, name):
    """What can be watched can be watched for writes, and for nothing else."""
    with debug(PROGRAM) as d:
        run_inside(d)
        where = 0 if name == "a" else 1
        assert ["write"] == info_of(d, name, frame_id=frame(d, where)).access_types
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("access", ["read", "readWrite"])
def test_reads_are_refused(debug, access):
    """The answer says why; writes are what is taken where nothing is said."""
    with debug(PROGRAM) as d:
        run_inside(d)
        name = info_of(d, "shared").data_id
        (answer,) = set_(d, name, access_type=access)
        assert (False, "failed") == (answer.verified, answer.reason)
        assert "Nobody hears of reads in Lua" in answer.message
        (answer,) = set_(d, name, access_type="write")
        assert answer.verified
        d.requests.set_data_breakpoints(breakpoints=[])
        assert 0 == d.run_to_end()


@pytest.mark.parametrize(
    "fields", [{"bytes": 4}, {"as_address": True}, {"as_address": True, "bytes": 8}]
)
def test_addresses_are_refused(debug, fields):
    """Values have none: no id, but a reason."""
    with debug(PROGRAM) as d:
        run_inside(d)
        info = info_of(d, "shared", **fields)
        assert (None, None) == (info.data_id, info.access_types)
        assert "no addresses" in info.description
        assert 0 == d.run_to_end()


def test_an_unfinished_name(debug):
    """It gets no id, but a reason, whatever it is."""
    with debug(PROGRAM) as d:
        run_inside(d)
        for name in ("", "a.", "a b", "nil", "f(1)", "#t", "'x'"):
            info = info_of(d, name, frame_id=frame(d))
            assert (None, True) == (info.data_id, bool(info.description)), name
        assert 0 == d.run_to_end()


# --- from run to run ------------------------------------------------------------------------------


def test_which_ids_persist(debug):
    """Those of globals do: they mean the same in every run."""
    with debug(PROGRAM) as d:
        run_inside(d)
        found = {
            name: info_of(d, name, frame_id=frame(d, 1)).can_persist
            for name in ("shared", "n", "t.size", "newcomer")
        }
        assert {"shared": True, "n": False, "t.size": False, "newcomer": True} == found
        assert 0 == d.run_to_end()


def test_a_global_from_an_earlier_run(debug):
    """Its id is taken before the program runs, and hears of the first value, too."""
    with debug(PROGRAM) as d:
        d.start()
        (answer,) = set_(d, "global:shared", condition="shared ~= nil")
        assert answer.verified
        stop = d.client.run()
        assert "shared changed from nil to 1" == stop.description
        assert (answer.id,) == stop.breakpoints
        assert "shared changed from 1 to 2" == d.continue_().description
        assert 0 == d.run_to_end()


def test_other_ids_before_the_program_runs(debug):
    """They are gone, and nobody waits."""
    with debug(PROGRAM) as d:
        d.start()
        first, second = set_(d, "data:1", "global:shared", hit_condition="2")
        assert [False, True] == [first.verified, second.verified]
        assert "What it watches is gone" in first.message
        assert "shared changed from 1 to 2" == d.client.run().description
        assert 0 == d.run_to_end()


def test_names_before_the_program_runs(debug):
    """A name is a global's then; what is no name is nothing yet."""
    with debug(PROGRAM) as d:
        d.start()
        set_(d)
        found = [info_of(d, name).data_id for name in ("shared", "t.size", "end", "nil", "")]
        assert ["global:shared", None, None, None, None] == found
        assert 0 == d.run_to_end()


def test_a_restart(debug):
    """Globals are watched again; a local of the earlier run is gone, which an event says."""
    with debug(PROGRAM) as d:
        run_inside(d)
        local = info_of(d, "n", frame_id=frame(d, 1)).data_id
        kept, lost = set_(d, "global:shared", local)
        d.requests.restart()
        event = d.wait_for("breakpoint", lambda body: not body["breakpoint"]["verified"])
        assert lost.id == event["breakpoint"]["id"]
        stop = d.client.wait_for_stop()
        assert ("shared changed from nil to 1", (kept.id,)) == (stop.description, stop.breakpoints)
        d.requests.set_data_breakpoints(breakpoints=[])
        assert 0 == d.run_to_end()


# --- what counts as a change ----------------------------------------------------------------------


def test_a_value_that_equals_nothing_has_not_changed(debug):
    """Of nan, which is not even equal to itself, only writes are told; so of nil that stays nil."""
    with debug("""
        local n = 0 / 0
        local t = {}
        local x = 0  -- @start
        n = 0 / 0
        t[1] = nil
        t[1] = 5
        local y = 0  -- @after
        t[1] = 5
        y = 1
    """) as d:
        d.break_at("start")
        d.run()
        ids = [info_of(d, name, frame_id=frame(d)).data_id for name in ("n", "t[1]")]
        set_(d, *ids)
        told = [d.continue_().description for _ in range(4)]
        assert [
            "n was set to nan again",
            "t[1] was set to nil again",
            "t[1] changed from nil to 5",
            "t[1] was set to 5 again",
        ] == told
        assert 0 == d.run_to_end()


def test_counts_go_on_while_others_change(debug):
    """A hit count is kept as long as the breakpoint is set again as it was."""
    with debug("""
        hits, other = 0, 0
        local x = 0  -- @start
        for i = 1, 6 do
          hits = i
          x = i  -- @inside
        end
    """) as d:
        d.break_at("start")
        d.run()
        kept = dap.DataBreakpoint(data_id="global:hits", condition="hits > 1", hit_condition=">= 3")
        d.requests.set_data_breakpoints(breakpoints=[kept])
        d.break_at("inside", hit_condition="3")
        assert "breakpoint" == d.continue_().reason
        other = dap.DataBreakpoint(data_id="global:other")
        d.requests.set_data_breakpoints(breakpoints=[kept, other])
        assert "hits changed from 3 to 4" == d.continue_().description
        d.requests.set_data_breakpoints(breakpoints=[])
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("name", ["a b", ""])
def test_globals_whose_names_are_no_identifiers(debug, name):
    """Any text can be the key of a global; its id is taken before the program runs, too."""
    with debug(f"""
        _G["{name}"] = 1
        _G["{name}"] = 2
        local last = 0
    """) as d:
        d.start()
        (answer,) = set_(d, f"global:{name}")
        assert answer.verified
        stops = [d.client.run().description, d.continue_().description]
        assert [f"{name} changed from nil to 1", f"{name} changed from 1 to 2"] == stops
        assert 0 == d.run_to_end()
