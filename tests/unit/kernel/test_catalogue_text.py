"""Catalogues are read from TOML whose keys are signatures."""

import pytest

from kernel.core.catalogue import Field, Function, Keyword, Parameter
from kernel.core.catalogue_text import Reader, read_catalogue

VERSIONS = ("1", "2", "3", "jit-a", "jit-b")


def member(signature, **about):
    return Reader(VERSIONS).member(signature, {"doc": "d", **about})


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("f()", Function("f", doc="d")),
        (":f(): T", Function("f", returns=("T",), doc="d", is_method=True)),
        (
            "f(a: string|nil, b?: fun(x: any, y: any): T, ...): A, B ...",
            Function(
                "f",
                (
                    Parameter("a", "string|nil"),
                    Parameter("b", "fun(x: any, y: any): T", is_optional=True),
                    Parameter("...", "any"),
                ),
                ("A", "B ..."),
                "d",
            ),
        ),
        ("x: table<string, any>", Field("x", "table<string, any>", "d")),
        ("x?: T", Field("x", "T", "d", is_optional=True)),
        ("x", Field("x", "any", "d")),
    ],
)
def test_signatures(signature, expected):
    """A key says name, parameters, types and whether it is a method."""
    assert expected == member(signature)


@pytest.mark.parametrize(
    ("told", "expected"),
    [("2+", {"2", "3"}), ("1 jit", {"1", "jit-a", "jit-b"}), ("3 jit-b", {"3", "jit-b"})],
)
def test_versions(told, expected):
    """``2+`` means that one and later ones of its line, ``jit`` those beside the line."""
    assert expected == member("f()", **{"in": told}).versions


@pytest.mark.parametrize(
    ("signature", "least", "most"),
    [
        ("f()", 0, 0),
        ("f(a, b?)", 1, 2),
        ("f(a?, b)", 2, 2),
        ("f(a, ...)", 1, None),
        ("f(...)", 0, None),
    ],
)
def test_how_many_arguments(signature, least, most):
    """A function knows how many arguments it needs and takes."""
    assert (least, most) == (member(signature).least, member(signature).most)


@pytest.mark.parametrize("signature", ["f(a", "", "(a)", "a b"])
def test_what_is_no_signature(signature):
    """A key that is no signature is refused, so that no entry gets lost."""
    with pytest.raises(ValueError, match=r"signature|closes"):
        member(signature)


def test_versions_choose():
    """The catalogue of one version has what that version has."""
    whole = read_catalogue(
        """
        [keywords]
        "if" = "k"
        "goto" = { doc = "g", in = "2+" }
        [functions]
        "f(a)" = { doc = "old", in = "1" }
        "f(a, b)" = { doc = "new", in = "2+" }
        [tables.t]
        doc = "t"
        in = "2+"
        [tables.t.members]
        "x" = "x"
        "y" = { doc = "y", in = "3" }
        """,
        VERSIONS,
    )
    old, new = whole.of_version("1"), whole.of_version("2")
    assert ["old"] == [each.doc for each in old.find("f")]
    assert ["new"] == [each.doc for each in new.find("f")]
    assert (Keyword("if", "k"),) == old.keywords
    assert {} == old.tables
    assert ["x"] == [each.name for each in new.tables["t"].members]
    assert frozenset({"f", "t"}) == new.global_names
