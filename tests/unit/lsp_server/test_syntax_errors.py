"""Where the complaints of compilers stand."""

import pytest

from lsp_server.document import Document
from lsp_server.syntax_errors import place_problem
from lua_debug.checker import SyntaxChecker

CHECKER = SyntaxChecker()


@pytest.mark.parametrize(
    ("versions", "marked"),
    [
        ("5.4 5.5", "local x <«clos»> = 1"),
        ("5.4 5.5", "local x <«clos»>\nlocal y"),  # 5.4 names the line behind
        ("5.4 5.5", "local x <const> = 1; x.y = x «x» = 2 x = 3"),
        ("5.4 5.5", "local x <const> = 1 «x»\n= 2"),
        ("5.4 5.5", "local x <const> = 1\nfunction «x»() end"),
        ("5.5", "for i = 1, 2 do «i» = 3 end"),
        ("5.5", "global <const> *; «x» = 1"),
        ("5.5", "global x; «y» = 1"),
        ("5.5", "global x; local t = { y = 'y' }; t.y = «y»"),
        ("5.2 5.4 luajit2.1", "::a:: ::«a»::"),
        ("5.2 5.4 luajit2.1", "local a = a goto «a»"),
        ("5.2 5.4 5.5 luajit2.1", "print()\ngoto «a»; local x; ::a:: print(x)\nprint()"),
        ("5.2 5.3 5.4 5.5 luajit2.1", "do «break» end"),
        ("5.1 5.2 5.3 5.4 5.5", "x = «ä»"),
        ("5.1 5.4 5.5 luajit2.1", "x = «=» 1"),
    ],
)
def test_a_complaint_stands_at_what_it_names(versions: str, marked: str) -> None:
    """Whether the compiler had come to that token, or stopped behind it."""
    text = marked.replace("«", "").replace("»", "")
    for version in versions.split():
        document = Document("file:///a.lua", text.encode(), version, "utf-8")
        problem = CHECKER.check(document.raw, version)
        assert problem is not None
        found = place_problem(document, problem)
        before, after = document.text(0, found.start), document.text(found.end, len(document.raw))
        assert marked == f"{before}«{document.text(found.start, found.end)}»{after}"
