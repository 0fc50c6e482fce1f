"""Which assignments of a text can be followed by line events."""

import pytest

from lua_debug.syntax.writes import Key, KeyKind, Target, Write, writes_of


def followed(text: str) -> list[str]:
    """The followed assignments as text: lines, and targets as they read."""
    return [
        f"{write.first}-{write.last} " + " ".join(map(shown, write.targets))
        for write in writes_of(text.encode())
    ]


def shown(target: Target) -> str:
    """A target as Lua writes it."""
    keys = [
        f".{key.text.decode()}" if key.kind is KeyKind.FIELD else f"[{key.text.decode()}]"
        for key in target.keys
    ]
    return target.name.decode() + "".join(keys)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1", "x"),
        ("a, b.c, t[i] = f()", "a b.c t[i]"),
        ("t[1], t['k'], t[-1], t[true] = 1, 2, 3, 4", "t[1] t['k'] t[-1] t[true]"),
        ("self.pos.x = 1", "self.pos.x"),
        ("function x() end", "x"),
        ("function M.n:f() end", "M.n.f"),
    ],
)
def test_targets(text: str, expected: str) -> None:
    """Variables, and fields to which names and constants lead, by assignment or function."""
    assert [f"1-1 {expected}"] == followed(text)


@pytest.mark.parametrize(
    "text",
    [
        "local x = 1",
        "local function x() end",
        "f().x = 1",
        "t[i + 1] = 1",
        "(t).x = 1",
        "t[f()].x = 1",
        "for x = 1, 2 do end",
        "x = ",
    ],
)
def test_what_is_none(text: str) -> None:
    """Declarations write no older variable; what is computed cannot be looked up."""
    assert [] == followed(text)


def test_targets_that_are_computed_leave_the_others() -> None:
    """Of several targets those that can be looked up count."""
    assert ["1-1 x t.y"] == followed("x, f().z, t.y = 1, 2, 3")


@pytest.mark.parametrize(
    "text",
    [
        "if c then x = 1 end",
        "for i = 1, 3 do x = 1 end",
        "while c do x = 1 end",
        "repeat x = 1 until c",
        "if c then\n  x = 1 end",
        "if c then\n  y()\nelse x = 1\nend",
        "if c then\n  x = 1 else\nend",
        "while c do\n  if d then\n    x = 1 end end",
        "f(function() if c then\n  x = 1 end end)",
        "x = 1 for i = 1, 3 do f() end",
        "x = 1 if c then f() end",
        "x = 1 ::top:: f() goto top",
        "f(\n  1) x = 1",
        "x = 1; f(\n  1)",
    ],
)
def test_lines_that_do_not_tell(text: str) -> None:
    """Control may come to their lines without the assignment, or come back to them behind it."""
    assert [] == followed(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(); x = 1", ["1-1 x"]),
        ("x = 1; y = 2", ["1-1 x", "1-1 y"]),
        ("x = 1; return f()", ["1-1 x"]),
        ("while c do\n  x = 1; break\nend", ["2-2 x"]),
        ("::top:: x = 1 goto top", ["1-1 x"]),
        ("f(function() x = 1 end)", ["1-1 x"]),
        ("function f()\n  x = 1 end", ["1-2 f", "2-2 x"]),
        ("--[[ a\n]] x = 1 -- b\n; ; y = 2", ["2-2 x", "3-3 y"]),
        ("x =\n  1", ["1-2 x"]),
        ("f(1)\nx = f(\n  1\n) y = 2", ["2-4 x"]),
    ],
)
def test_lines_that_tell(text: str, expected: list[str]) -> None:
    """All else on their lines leads to the assignment or follows from it."""
    assert expected == followed(text)


def test_what_stands_before_on_the_line() -> None:
    """It may declare the name anew, or change the table that a field is of."""
    assert ["1-1 y"] == followed("local x = 1; x = 2; y = 3; t.x = 4")
    assert ["1-1 y"] == followed("local function x() end x = 2; y = 3")
    assert ["1-1 t.x"] == followed("::here:: t.x = 4")


def test_programs_on_one_line() -> None:
    """Where very much stands on a line nothing is followed, so that none takes long to look at."""
    assert 2 == len(followed("x = 1 x = 2"))
    assert [] == followed("x = 1 " * 1000)


def test_the_function_and_the_end() -> None:
    """Each is told with the lines of its function, and whether it is the last thing there."""
    text = b"function f()\n  x = 1; g()\n  x = 2\nend\ny, z = 1, 2"
    x, y, z, f = (Target(name) for name in (b"x", b"y", b"z", b"f"))
    expected = (
        Write(1, 4, (0, 0), (f,), is_last=True),
        Write(2, 2, (1, 4), (x,), is_last=False),
        Write(3, 3, (1, 4), (x,), is_last=True),
        Write(5, 5, (0, 0), (y, z), is_last=False),
    )
    assert expected == writes_of(text)


def test_functions_on_the_same_lines() -> None:
    """A hook cannot tell them from each other, so nothing of them is followed."""
    assert [] == followed("local a, b = function() x = 1 end, function() y = 1 end")


def test_keys() -> None:
    """A key is given as the text has it."""
    (write,) = writes_of(b't.a["b"][c] = 1')
    keys = (
        Key(KeyKind.FIELD, b"a"),
        Key(KeyKind.CONSTANT, b'"b"'),
        Key(KeyKind.NAME, b"c"),
    )
    assert (Target(b"t", keys),) == write.targets
