"""The compilers say what is wrong with a text, and run none."""

import pytest

from kernel.core.errors import UserError
from lua_debug.checker import SyntaxChecker

CHECKER = SyntaxChecker()


def test_what_compiles_is_not_complained_about(lua: str) -> None:
    """A shebang, a byte order mark and any line ends are part of what Lua takes."""
    for text in (b"", b"return 1", b"#!/bin/lua\nlocal x", b"\xef\xbb\xbfx = 1\r\ny = 2\rz = 3"):
        assert None is CHECKER.check(text, lua)


def test_complaints_have_a_line_and_a_token(lua: str) -> None:
    """Both are those of the compiler's message, the message without them."""
    found = CHECKER.check(b"x = 1\n\ny = = 2\n", lua)
    assert found is not None
    assert (3, "=") == (found.line, found.near)
    assert found.message.startswith("unexpected symbol near")


def test_the_end_of_the_text_is_an_empty_token(lua: str) -> None:
    """Whatever the version calls it."""
    found = CHECKER.check(b"if x then\n", lua)
    assert found is not None
    assert "" == found.near


def test_versions_differ() -> None:
    """Each version's own compiler is asked."""
    accepted = {
        text: [each for each in CHECKER.versions if CHECKER.check(text, each) is None]
        for text in (b"goto x ::x::", b"x = 1 // 2", b"local x <const> = 1", b"global x")
    }
    jit = ["luajit2.0", "luajit2.1"]
    assert {
        b"goto x ::x::": ["5.2", "5.3", "5.4", "5.5", *jit],
        b"x = 1 // 2": ["5.3", "5.4", "5.5"],
        b"local x <const> = 1": ["5.4", "5.5"],
        b"global x": ["5.5"],
    } == accepted


def test_nothing_is_run(lua: str) -> None:
    """A text that would never end, or do harm, is only compiled; compiled code is refused."""
    assert None is CHECKER.check(b"os.exit(7) while true do end", lua)
    found = CHECKER.check(b"\x1bLuaQ", lua)
    assert found is not None
    assert "compiled code" in found.message


def test_texts_without_measure(lua: str) -> None:
    """Nesting that the compiler does not bear is a complaint, and the next text is compiled."""
    assert CHECKER.check(b"x = " + b"(" * 100_000, lua) is not None
    assert CHECKER.check(b"x = " + b"{" * 100_000, lua) is not None
    assert None is CHECKER.check(b"x = 1", lua)


def test_bytes_that_are_no_text(lua: str) -> None:
    """What is not UTF-8 is fine in a string, and a complaint about it can be shown."""
    assert None is CHECKER.check(b"x = '\xff\xfe'", lua)
    found = CHECKER.check(b"x = \xff\xfe = 1", lua)
    assert found is not None
    assert found.message.isprintable()


def test_libraries_are_those_of_the_version() -> None:
    """Globals and the fields of those that are tables; nothing that the host put there."""
    with_table_unpack = [
        each for each in CHECKER.versions if "unpack" in CHECKER.library(each)["table"]
    ]
    assert ["5.2", "5.3", "5.4", "5.5"] == with_table_unpack
    assert all("python" not in CHECKER.library(each) for each in CHECKER.versions)


def test_names_of_versions() -> None:
    """Those that the command line takes are understood, and others are refused."""
    assert ("5.4", "luajit2.1") == (CHECKER.full_name("lua5.4"), CHECKER.full_name("luajit"))
    with pytest.raises(UserError, match=r"There is no Lua '5\.9'"):
        CHECKER.full_name("5.9")
