"""Hovering: expressions without side effects."""

import pytest

from kernel.core.errors import EvaluationFailed
from tests.support.lua_bench import LuaBench, every_version

PROGRAM = """
local calls = 0
local function count() calls = calls + 1 return calls end
local base = {inherited = "yes"}
local t = setmetatable({x = {y = 2}, ["a b"] = 3, list = {10, 20}}, {__index = base})
local mt = {__index = count, __len = count, __add = count, __concat = count, __eq = count}
local computed = setmetatable({}, mt)
local text, flag = "abc", false
stop()
assert(calls == 0)
"""


@every_version
def test_what_a_hover_reads(version: str) -> None:
    """Names, fields through __index tables, constants, operators."""
    with LuaBench(version).stopped(PROGRAM) as bench:
        values = {
            "t.x.y": "2",
            't["a b"]': "3",
            "t.list[1 + 1]": "20",
            "t.inherited": '"yes"',
            "t.missing": "nil",
            "t.x.y * 2 + 1": "5",
            "#text": "3",
            "text .. '!'": '"abc!"',
            "not flag": "true",
            "flag and flag.x.y or 7": "7",
            "(t.x).y == 2": "true",
            "-t.x.y ^ 2": "-4" if version in ("5.1", "5.2") or "jit" in version else "-4.0",
            "2 < 3": "true",
            "text:upper": "function: string.upper",
            "computed == computed": "true",
        }
        assert values == {text: bench.value(text, context="hover") for text in values}


@pytest.mark.parametrize(
    "text",
    [
        "count()",
        "t.x.y = 5",
        "computed.x",
        "#computed + computed",
        "computed .. 'x'",
        "missing",
        "missing.field",
        "t.x.y.z.w",
        "local",
        "function() end",
        "text 'call'",
        "",
        "t.",
        "1 +",
    ],
)
@every_version
def test_what_a_hover_refuses(version: str, text: str) -> None:
    """Calls, assignments, computed fields and names that are not there are errors."""
    with LuaBench(version).stopped(PROGRAM) as bench, pytest.raises(EvaluationFailed):
        bench.evaluate(text, context="hover")


@every_version
def test_hover_results_expand_by_name(version: str) -> None:
    """The children of what is hovered can be watched."""
    with LuaBench(version).stopped(PROGRAM) as bench:
        found = bench.evaluate("t.x", context="hover")
        assert ["t.x.y"] == [each["evaluate"] for each in bench.variables(found["ref"])]
