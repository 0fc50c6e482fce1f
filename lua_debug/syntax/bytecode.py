"""The lines of each function in what ``string.dump`` returns.

The compiler's own line tables are the only exact account of which lines hold code, and reading
them runs nothing. The formats are those of ``ldump.c`` in Lua 5.1 to 5.5, and of
``lj_bcwrite.c`` in LuaJIT 2.0 and 2.1.
"""

import struct
from abc import ABC, abstractmethod
from array import array
from collections.abc import Mapping

FunctionRange = tuple[int, int, frozenset[int]]
"""``linedefined``, ``lastlinedefined`` (both 0 for a main chunk) and the lines with code."""


def line_tables(version: str, dump: bytes) -> list[FunctionRange]:
    """Every function of a dump made by this version ("5.1" to "5.5", "luajit20", "luajit21").

    Raises `IndexError`, `KeyError`, `ValueError` or `struct.error` for a dump of another format.
    """
    return _READERS[version](dump).read()


def own_code(version: str, dump: bytes) -> bytes | None:
    """The instructions of the function that was dumped, without inner ones; None as above."""
    reader = _READERS[version](dump)
    try:
        reader.read()
    except (IndexError, KeyError, ValueError, struct.error):
        return None
    return reader.codes[reader.own]


class _Reader(ABC):
    """Goes through a dump from front to back. ``own``: the place of the dumped function's code."""

    own = 0

    def __init__(self, dump: bytes) -> None:
        self.dump = dump
        self.at = 0
        self.found: list[FunctionRange] = []
        self.codes: list[bytes] = []

    @abstractmethod
    def read(self) -> list[FunctionRange]: ...

    def byte(self) -> int:
        self.at += 1
        return self.dump[self.at - 1]

    def take(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self.dump):
            raise IndexError(self.at)
        return self.dump[self.at - size : self.at]


class _Lua51(_Reader):
    header = 12
    size_t_at = 8
    constant_sizes: Mapping[int, int] = {0: 0, 1: 1, 3: 8}  # 4 is a string

    def read(self) -> list[FunctionRange]:
        self.at = self.header
        self.function()
        return self.found

    def function(self) -> None:
        self.string()
        first, last = self.count(), self.count()
        self.take(4)  # upvalues, parameters, vararg, stack
        self.code()
        self.constants()
        self.functions()
        self.found.append((first, last, self.lines()))
        self.names()

    def count(self) -> int:
        number: int = struct.unpack("=i", self.take(4))[0]
        return number

    def size_t(self) -> int:
        wide = self.dump[self.size_t_at] == 8
        number: int = struct.unpack("=Q" if wide else "=I", self.take(8 if wide else 4))[0]
        return number

    def string(self) -> None:
        self.take(self.size_t())

    def code(self) -> None:
        self.codes.append(self.take(4 * self.count()))

    def constants(self) -> None:
        sizes = self.constant_sizes
        for _ in range(self.count()):
            kind = self.byte()
            if kind & 0x0F == 4:
                self.string()
            else:
                self.take(sizes[kind])

    def functions(self) -> None:
        for _ in range(self.count()):
            self.function()

    def lines(self) -> frozenset[int]:
        return frozenset(array("i", self.take(4 * self.count())))

    def names(self) -> None:
        for _ in range(self.count()):  # locals, with the instructions they live for
            self.string()
            self.count()
            self.count()
        for _ in range(self.count()):  # upvalues
            self.string()


class _Lua52(_Lua51):
    header = 18

    def function(self) -> None:
        first, last = self.count(), self.count()
        self.take(3)
        self.code()
        self.constants()
        self.functions()
        self.take(2 * self.count())  # upvalues
        self.string()
        self.found.append((first, last, self.lines()))
        self.names()


class _Lua53(_Lua51):
    header = 34
    size_t_at = 13
    constant_sizes: Mapping[int, int] = {0: 0, 1: 1, 0x03: 8, 0x13: 8}

    def function(self) -> None:
        self.string()
        first, last = self.count(), self.count()
        self.take(3)
        self.code()
        self.constants()
        self.take(2 * self.count())
        self.functions()
        self.found.append((first, last, self.lines()))
        self.names()

    def string(self) -> None:
        size = self.byte()
        if size == 0xFF:
            size = self.size_t()
        self.take(max(0, size - 1))


class _Lua54(_Lua51):
    header = 32
    constant_sizes: Mapping[int, int] = {0: 0, 0x01: 0, 0x11: 0, 0x03: 8, 0x13: 8}
    vararg_flags = 0xFF

    def function(self) -> None:
        self.string()
        first, last = self.count(), self.count()
        _, flags, _ = self.take(3)
        self.code()
        self.constants()
        self.take(3 * self.count())
        self.functions()
        self.found.append((first, last, self.relative_lines(first, flags)))
        self.names()

    def count(self) -> int:
        number = 0
        while True:
            byte = self.byte()
            number = number << 7 | byte & 0x7F
            if byte & 0x80:
                return number

    def string(self) -> None:
        self.take(max(0, self.count() - 1))

    def relative_lines(self, line: int, flags: int) -> frozenset[int]:
        """Each line is a step from the one before, or stands in a second table.

        The first instruction of a vararg function arranges the arguments; `debug.getinfo` does
        not take its line for one with code (``collectvalidlines`` in ldebug.c).
        """
        steps = array("b", self.take(self.count()))
        absolute = self.absolute_lines()
        lines = set()
        skipped = 0 if flags & self.vararg_flags else -1
        for place, step in enumerate(steps):
            line = absolute[place] if step == -0x80 else line + step
            if place != skipped:
                lines.add(line)
        return frozenset(lines)

    def absolute_lines(self) -> dict[int, int]:
        return {self.count(): self.count() for _ in range(self.count())}


class _Lua55(_Lua54):
    header = 41
    vararg_flags = 0x03  # PF_VAHID, PF_VATAB

    def function(self) -> None:
        first, last = self.count(), self.count()
        _, flags, _ = self.take(3)
        self.code()
        self.constants()
        self.take(3 * self.count())
        self.functions()
        self.string()
        self.found.append((first, last, self.relative_lines(first, flags)))
        self.names()

    def count(self) -> int:
        number = 0
        while True:
            byte = self.byte()
            number = number << 7 | byte & 0x7F
            if not byte & 0x80:
                return number

    def string(self) -> None:
        size = self.count()
        if size == 0:
            self.count()  # the number of a string that came before
        else:
            self.take(size)

    def align(self) -> None:
        self.at += -self.at % 4

    def code(self) -> None:
        size = self.count()
        self.align()
        self.codes.append(self.take(4 * size))

    def constants(self) -> None:
        for _ in range(self.count()):
            kind = self.byte()
            if kind & 0x0F == 4:
                self.string()
            elif kind == 0x03:
                self.count()
            else:
                self.take(self.constant_sizes[kind])

    def absolute_lines(self) -> dict[int, int]:
        size = self.count()
        if size:
            self.align()
        pairs = array("i", self.take(8 * size))
        return dict(zip(pairs[::2], pairs[1::2], strict=True))


class _LuaJit(_Reader):
    """The functions follow each other, inner ones first; each says how long it is."""

    own = -1

    def read(self) -> list[FunctionRange]:
        self.at = 4
        self.count()  # flags
        self.take(self.count())  # the chunk's name
        while size := self.count():
            stop = self.at + size
            self.function(stop)
            self.at = stop
        return self.found

    def function(self, stop: int) -> None:
        self.take(4)  # flags, parameters, frame, upvalues
        self.count()  # constants
        self.count()
        instructions = self.count()
        debug_size = self.count()
        first, extent = self.count(), self.count()
        self.codes.append(self.dump[self.at : self.at + 4 * instructions])
        width = "B" if extent < 0x100 else "H" if extent < 0x10000 else "I"
        steps = array(width)
        start = stop - debug_size
        steps.frombytes(self.dump[start : start + instructions * steps.itemsize])
        last = first + extent if first else 0
        self.found.append((first, last, frozenset(first + step for step in steps)))

    def count(self) -> int:
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return number


_READERS: Mapping[str, type[_Reader]] = {
    "5.1": _Lua51,
    "5.2": _Lua52,
    "5.3": _Lua53,
    "5.4": _Lua54,
    "5.5": _Lua55,
    "luajit20": _LuaJit,
    "luajit21": _LuaJit,
}
