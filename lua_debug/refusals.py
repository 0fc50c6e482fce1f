"""What makes no sense in a breakpoint, told when it is set and in Lua's own words."""

import re
from functools import lru_cache

from kernel.core.model import BreakpointSpec, DataBreakpointSpec, FunctionBreakpointSpec
from lua_debug.function_names import parse_function_name
from lua_debug.syntax.active_lines import ActiveLines
from lua_debug.versions import LuaVersion, make_runtime

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*)?")

_LIST_FUNCTIONS = """
local names = {}
for name, value in pairs(_G) do
  if type(value) == "function" then names[#names + 1] = name end
  if type(value) == "table" and value ~= _G then
    for key, field in pairs(value) do
      if type(field) == "function" then names[#names + 1] = name .. "." .. key end
    end
  end
end
return table.concat(names, " ")
"""


class Refusals:
    """Checks specifications for one Lua version. Used from any thread."""

    def __init__(self, version: LuaVersion, lines: ActiveLines) -> None:
        self._version = version
        self._lines = lines
        self._tells_varargs = version.abi > 51 or version.is_jit

    def of(self, spec: BreakpointSpec | FunctionBreakpointSpec | DataBreakpointSpec) -> str | None:
        """Why a breakpoint can never be hit; None if nothing speaks against it."""
        problem = self.condition(spec.condition) if spec.condition else None
        if isinstance(spec, DataBreakpointSpec) and spec.access != "write":
            return "Nobody hears of reads in Lua; only writes that change a value can be watched."
        if problem is None and isinstance(spec, FunctionBreakpointSpec):
            name = parse_function_name(spec.name).name
            return None if _NAME.fullmatch(name) else f"{name!r} is no function's name."
        if problem is None and isinstance(spec, BreakpointSpec) and spec.log_message:
            return self._log_message(spec.log_message.parts[1::2])
        return problem

    def condition(self, text: str) -> str | None:
        """Why a condition can never hold."""
        problem = self._expression(text)
        return f"Condition {text!r} does not compile: {problem}" if problem else None

    def assigning(self, name: str) -> str | None:
        """Why a global of this name can never be assigned to."""
        return self._lines.compile_check(f"function() {name} = nil end")

    def is_c_function(self, name: str) -> bool:
        """Whether the standard library has a function of this name."""
        return name.replace(":", ".") in _c_functions(self._version)

    def _log_message(self, expressions: tuple[str, ...]) -> str | None:
        for text in expressions:
            problem = self._expression(text)
            if problem:
                return f"{{{text}}} in the log message does not compile: {problem}"
        return None

    def _expression(self, text: str) -> str | None:
        problem = self._lines.compile_check(text)
        if problem is None and self._lines.compile_check(f"({text}\n)"):
            return "a single expression is expected"
        if problem or self._tells_varargs or "..." not in text:
            return problem
        inside = self._lines.compile_check(f"function() return {text}\nend")
        return inside and "Lua 5.1 does not tell what ... is in another function"


@lru_cache
def _c_functions(version: LuaVersion) -> frozenset[str]:
    return frozenset(str(make_runtime(version).execute(_LIST_FUNCTIONS)).split())
