"""Where a visit of a line begins: the points of a function body at which a probe counts it.

A *visit* of a line is an arrival from another line, or over a loop's back edge. The statements of
a body are followed along their control flow with a *state*: the set of lines that control may
come from, where the line is one whose visit has been counted already. A statement whose line
is the only one in the state continues that visit; one whose line is not in it begins a visit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from tree_sitter import Node

from lua_debug.syntax.grammar import (
    body,
    condition,
    first_line,
    last_line,
    statements,
    token,
    values,
)

State = frozenset[int]
"""Lines control may come from; `_ELSEWHERE` has 0 for a place that no point cares about, and
-L stands for the first turn of a loop whose head, on line L, has been counted."""

_ELSEWHERE: State = frozenset({0})
_NOWHERE: State = frozenset()
SILENT = frozenset({"empty_statement", "label_statement"})
"""Statements without code."""
_BLOCKS = frozenset({"if_statement", "while_statement", "for_statement", "do_statement"})


class Arrival(Enum):
    """How control comes to a point, as to the visit of the point's line."""

    FIRST = auto()  # always from elsewhere: a visit begins
    LOOPED = auto()  # from the loop's head the first time, then over the back edge
    CONTINUED = auto()  # always from this very line: nothing begins
    LEAVING = auto()  # from a loop that may have had no turn, with another one around it
    UNKNOWN = auto()  # now this, now that
    BARRED = auto()  # no code may be inserted here


@dataclass(frozen=True, slots=True)
class Point:
    """A place for a probe.

    ``start`` is where the statement or condition begins for the reader, None where none does;
    ``offset`` is where the probe goes. ``arms`` says that a `LOOPED` point on this line depends on
    this one. A ``minor`` point counts only where its line has no other.
    """

    line: int
    start: int | None
    offset: int
    arrival: Arrival
    in_condition: bool = False
    arms: bool = False
    minor: bool = False


def points_of(function: Node) -> list[Point]:
    """The points of one function's (or the chunk's) own statements, in the order of the text."""
    flow = _Flow()
    if function.type == "chunk":
        flow.chunk(function)
    else:
        flow.function(function)
    return flow.points


class _Flow:
    def __init__(self) -> None:
        self.points: list[Point] = []
        self._breaks: list[State] = []
        self._shared: list[int] = []  # lines of the loops around us that are counted by turns

    def chunk(self, node: Node) -> None:
        listed = statements(node)
        self._tail(listed, self._block(listed, _ELSEWHERE))

    def function(self, node: Node) -> None:
        end = token(node, "end")
        listed = body(node)
        state = self._block(listed, _ELSEWHERE)
        self._end(listed, first_line(end), end.start_byte, state)

    def _tail(self, block: list[Node], state: State) -> None:
        """After a block that ends in an ``end``: there the chunk returns, or a jump follows."""
        if block and block[-1].type in _BLOCKS:
            self._end(block, last_line(block[-1]), block[-1].end_byte, state, minor=True)

    def _end(
        self, block: list[Node], line: int, at: int, state: State, *, minor: bool = False
    ) -> None:
        if state == _NOWHERE:
            return
        arrival = _arrival(line, state)
        if arrival is not Arrival.CONTINUED and _ends_in_label(block):
            # A goto into this place may jump over locals, as long as no code follows (manual,
            # "void statements").
            arrival = Arrival.BARRED
        self.points.append(Point(line, None if minor else at, at, arrival, minor=minor))

    def _block(self, block: list[Node], state: State) -> State:
        for statement in block:
            follow = _FOLLOW.get(statement.type)
            if follow is None:
                state = self._simple(statement, state)
            else:
                state = follow(self, statement, state)
        return state

    def _begin(self, node: Node, state: State, *, arms: bool = False) -> State:
        line = first_line(node)
        start = node.start_byte
        self.points.append(Point(line, start, start, _arrival(line, state), arms=arms))
        return frozenset({line})

    def _test(self, start: int, node: Node, state: State) -> State:
        """A condition, with the probe inside it; the state afterwards."""
        line = first_line(node)
        at = node.start_byte
        self.points.append(Point(line, start, at, _arrival(line, state), in_condition=True))
        return frozenset({line}) if last_line(node) == line else _ELSEWHERE

    def _simple(self, node: Node, state: State) -> State:
        if makes_function_below(node):
            start = node.start_byte
            arrival = _arrival(first_line(node), state)
            self.points.append(Point(first_line(node), start, start, arrival, minor=True))
            return _ELSEWHERE
        state = self._begin(node, state)
        return state if last_line(node) == first_line(node) else _ELSEWHERE

    def _silent(self, node: Node, state: State) -> State:
        return state | _ELSEWHERE if node.type == "label_statement" else state

    def _return(self, node: Node, state: State) -> State:
        self._begin(node, state)
        return _NOWHERE

    def _break(self, node: Node, state: State) -> State:
        state = self._begin(node, state)
        if self._breaks:
            self._breaks[-1] |= state
        return _NOWHERE

    def _do(self, node: Node, state: State) -> State:
        return self._block(body(node), state)

    def _if(self, node: Node, state: State) -> State:
        test = condition(node)
        if first_line(test) == first_line(node):
            state = self._begin(node, state)
            state = state if last_line(test) == first_line(test) else _ELSEWHERE
        else:
            state = self._test(test.start_byte, test, state)
        branches = node.children_by_field_name("alternative")
        after = self._branch(node, state, jumps=bool(branches))
        for branch in branches:
            if branch.type == "elseif_statement":
                state = self._test(branch.start_byte, condition(branch), state)
                after |= self._branch(branch, state, jumps=branch != branches[-1])
            else:
                after |= self._block(body(branch), state)
                state = _NOWHERE
        return after | state

    def _branch(self, node: Node, state: State, *, jumps: bool) -> State:
        listed = statements(node.child_by_field_name("consequence"))
        state = self._block(listed, state)
        if jumps:
            self._tail(listed, state)
        return state

    def _while(self, node: Node, state: State) -> State:
        test = condition(node)
        state = self._enter_loop(node, first_line(test), state)
        looped = state
        state = self._test(node.start_byte, test, state)
        listed = body(node)
        out, breaks = self._turns(listed, state, looped)
        self._tail(listed, out)
        return breaks if test.type == "true" else state | breaks

    def _repeat(self, node: Node, state: State) -> State:
        test = condition(node)
        listed = body(node)
        state = self._enter_loop(node, _first_point(listed) or first_line(test), state)
        state, breaks = self._turns(listed, state, state)
        return self._test(test.start_byte, test, state) | breaks

    def _enter_loop(self, node: Node, head: int, state: State) -> State:
        """The state at the head of a loop that is itself passed at every turn."""
        if state != frozenset({head}):
            return state | _ELSEWHERE
        self._aside(head, node.start_byte, Arrival.CONTINUED, arms=True)
        return frozenset({-head})

    def _for(self, node: Node, state: State) -> State:
        line = first_line(node)
        do = token(node, "do")
        listed = body(node)
        head = _first_point(listed) or first_line(token(node, "end"))
        shares_line = line == first_line(do) == head
        inside = frozenset({-line}) if shares_line else _ELSEWHERE
        nested = shares_line and line in self._shared
        if nested and last_line(node) != line:
            # No place for a probe that puts the books of the loop around in order.
            state = frozenset({line, 0})
        after = self._begin(node, state, arms=shares_line)
        if shares_line and _first_point(listed) is None:
            self._aside(line, do.end_byte, Arrival.LOOPED)
        _, breaks = self._turns(listed, inside, inside)
        if nested:
            self._aside(line, node.end_byte, Arrival.LEAVING)
        return after | breaks

    def _turns(self, block: list[Node], state: State, looped: State) -> tuple[State, State]:
        """The states at the end of a loop's body, and after its breaks."""
        self._breaks.append(_NOWHERE)
        self._shared.append(-min(looped, default=0))
        out = self._block(block, state)
        self._shared.pop()
        return out, self._breaks.pop()

    def _aside(self, line: int, at: int, arrival: Arrival, *, arms: bool = False) -> None:
        """A point that keeps the books of a loop and begins nothing."""
        self.points.append(Point(line, None, at, arrival, arms=arms))


_FOLLOW: dict[str, Callable[[_Flow, Node, State], State]] = {
    "empty_statement": _Flow._silent,
    "label_statement": _Flow._silent,
    "return_statement": _Flow._return,
    "goto_statement": _Flow._return,
    "break_statement": _Flow._break,
    "do_statement": _Flow._do,
    "if_statement": _Flow._if,
    "while_statement": _Flow._while,
    "repeat_statement": _Flow._repeat,
    "for_statement": _Flow._for,
}


def _arrival(line: int, state: State) -> Arrival:
    if line in state:
        return Arrival.CONTINUED if len(state) == 1 else Arrival.UNKNOWN
    return Arrival.LOOPED if -line in state else Arrival.FIRST


def _first_point(block: list[Node]) -> int | None:
    """The line of the first point in a block."""
    for statement in block:
        if statement.type in SILENT:
            continue
        if statement.type in ("if_statement", "while_statement"):
            return first_line(condition(statement))
        if statement.type == "do_statement":
            found = _first_point(body(statement))
        elif statement.type == "repeat_statement":
            found = _first_point(body(statement)) or first_line(condition(statement))
        elif makes_function_below(statement):
            continue
        else:
            found = first_line(statement)
        if found is not None:
            return found
    return None


def _ends_in_label(block: list[Node]) -> bool:
    spoken = [node for node in block if node.type != "empty_statement"]
    return bool(spoken) and spoken[-1].type == "label_statement"


def makes_function_below(node: Node) -> bool:
    """Whether a statement's work begins with a function whose ``end`` is on a later line.

    The closure is made, and stored, at its ``end``: the first line holds code only if the table it
    is stored into has to be fetched.
    """
    if first_line(node) == last_line(node):
        return False
    if node.type == "function_declaration":
        return node.children[0].type == "local"
    if node.type not in ("variable_declaration", "assignment_statement"):
        return False
    listed = values(node)
    if not listed:
        return False
    return listed[0].type == "function_definition" and last_line(listed[0]) != first_line(node)
