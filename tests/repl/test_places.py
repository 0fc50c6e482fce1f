"""How places of breakpoints are typed."""

import pytest

from kernel.repl.places import Place, Wanted, parse_place, parse_wanted
from kernel.repl.table import BadCommand

GOOD = {
    "": Wanted(Place()),
    "12": Wanted(Place(line=12)),
    "a.lua:3": Wanted(Place("a.lua", 3)),
    "/x/a b.lua:3": Wanted(Place("/x/a b.lua", 3)),
    "C:/x/a.lua:3": Wanted(Place("C:/x/a.lua", 3)),
    "In[3]:2": Wanted(Place("In[3]", 2)),
    "shop.total": Wanted(Place(function="shop.total")),
    "Account:deposit": Wanted(Place(function="Account:deposit")),
    "shop.lua:total": Wanted(Place("shop.lua", function="total")),
    "/x/a b.lua:Account:deposit if n": Wanted(Place("/x/a b.lua", function="Account:deposit"), "n"),
    "below/shop:M.f": Wanted(Place("below/shop", function="M.f")),
    "12 if n > 5": Wanted(Place(line=12), "n > 5"),
    "12 hit 3": Wanted(Place(line=12), hit="3"),
    "12 hit %3 if x": Wanted(Place(line=12), "x", "%3"),
    "12 if hit.x == 3 hit >2 log now {hit} if": Wanted(
        Place(line=12), "hit.x == 3", ">2", "now {hit} if"
    ),
    "if n > 5": Wanted(Place(), "n > 5"),
    "12 log x": Wanted(Place(line=12), log="x"),
}


@pytest.mark.parametrize(("text", "wanted"), GOOD.items())
def test_places_and_their_terms(text, wanted):
    """Conditions, hits and messages come behind the place, a message last."""
    assert wanted == parse_wanted(text)


@pytest.mark.parametrize("text", ["12 hit often", "12 if", "a b", "12 log", "f()", "x["])
def test_what_is_no_place_is_refused(text):
    """With what would be one."""
    with pytest.raises(BadCommand):
        parse_wanted(text)


def test_a_line_alone():
    """Is one of the current file."""
    assert Place(line=7) == parse_place(" 7 ")
