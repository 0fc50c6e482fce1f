"""Random programs: probes count the visits that a line hook sees."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lua_debug.versions import VERSIONS
from tests.unit.lua_debug.syntax_runs import probed, run

# A program is a list of tokens. "<" opens a loop of which a hook counts a line in another way if it
# takes several lines: the header of a for, visited once by our rule but at each turn by the hook's
# ("for>" closes it).
Tokens = list[str]
Make = Callable[[Tokens], Tokens]


def _joined(parts: list[Tokens]) -> Tokens:
    return [token for part in parts for token in part]


def _statements(inner: st.SearchStrategy[Tokens]) -> st.SearchStrategy[Tokens]:
    block = st.lists(inner, max_size=3).map(_joined)
    numbers = st.sampled_from(["0", "1", "3"])
    if_ = st.tuples(block, st.lists(block, max_size=2), st.none() | block).map(
        lambda parts: [
            *["if", "c() then", *parts[0]],
            *[token for branch in parts[1] for token in ["elseif", "c() then", *branch]],
            *([] if parts[2] is None else ["else", *parts[2]]),
            "end",
        ]
    )
    return st.one_of(
        st.just(["print(1)"]),
        st.just(["local x = 1;"]),
        st.just(["if", "c() then", "return", "end"]),
        st.just(["if", "c() then", "goto out", "end"]),
        if_,
        block.map(lambda body: ["do", *body, "end"]),
        block.map(lambda body: ["while c() do", *body, "end"]),
        block.map(lambda body: ["while c() do", *body, "if c() then break end", "end"]),
        block.map(lambda body: ["repeat", *body, "until", "u()"]),
        st.tuples(numbers, block).map(
            lambda parts: [f"<for i = 1, {parts[0]} do", *parts[1], "end for>"]
        ),
    )


programs = st.lists(
    st.recursive(st.just(["print(0)"]), _statements, max_leaves=12), min_size=1, max_size=6
).map(_joined)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, frozenset[int]]:
    """A program cut into lines at random, and the lines a hook counts in another way.

    The last line is one of them: there the chunk returns.
    """
    text, line, last = "", 1, 1
    apart: set[int] = set()
    opened: list[int] = []
    before = ""
    for token in [*draw(programs), "::out::"]:
        if before.startswith("end"):
            # The jump back of a while, or over an else, is on the line of the token before.
            apart.add(last)
        before = token
        if token.startswith("<"):
            opened.append(line)
        elif token.endswith(">"):
            first = opened.pop()
            if first != line:
                apart.add(first)
        last = line
        newline = draw(st.sampled_from(["\n", " ", " "]))
        text += token.removeprefix("<").removesuffix(" for>") + newline
        line += newline == "\n"
    return text, frozenset({*apart, last})


@settings(max_examples=200, deadline=None)
@given(case=texts())
def test_probes_count_what_a_hook_sees(case: tuple[str, frozenset[int]]) -> None:
    """Each line with a probe is hit as often as a hook of Lua 5.4 reports it; all else is equal."""
    text, apart = case[0].encode(), case[1]
    result = probed(VERSIONS["5.4"], text)
    plain = run(VERSIONS["5.4"], text, hooked=True)
    with_probes = run(VERSIONS["5.4"], result.text)
    assert plain.output == with_probes.output
    lines = result.placed - apart
    assert {line: plain.hooked[line] for line in lines} == {
        line: with_probes.hits[line] for line in lines
    }


@pytest.mark.parametrize("name", ["5.2", "luajit2.1"])
@settings(max_examples=100, deadline=None)
@given(case=texts())
def test_random_programs_do_the_same(name: str, case: tuple[str, frozenset[int]]) -> None:
    """Probes and safepoints leave the output of a program as it was."""
    text = case[0].encode()
    result = probed(VERSIONS[name], text, safepoints=True)
    plain, with_probes = run(VERSIONS[name], text), run(VERSIONS[name], result.text)
    assert plain.output == with_probes.output
