"""The catalogue of the standard library is what the real Luas have."""

import pytest

from kernel.core.catalogue import Field, Function, Member
from lua_debug.standard_library import standard_library, whole_library
from lua_debug.versions import VERSIONS, make_runtime

_GLOBALS = """
  local names = {}
  for name, value in pairs(_G) do
    if type(value) ~= 'table' or value == _G then names[#names + 1] = name .. ' ' .. type(value)
    else for key, each in pairs(value) do
      names[#names + 1] = name .. '.' .. key .. ' ' .. type(each) end end
  end
  return table.concat(names, '\\n')
"""

_MODULE = """
  local found, module = pcall(require, ...)
  if not found then return '' end
  if type(module) == 'function' then return 'function' end
  local names = {}
  for key, each in pairs(module) do names[#names + 1] = key .. ' ' .. type(each) end
  return table.concat(names, '\\n')
"""

_METHODS = """
  local metatable, names = getmetatable(io.stdout), {}
  local methods = type(metatable.__index) == 'table' and metatable.__index or metatable
  for key, each in pairs(methods) do
    if not key:find('^__') then names[#names + 1] = key .. ' ' .. type(each) end
  end
  return table.concat(names, '\\n')
"""

LISTED_BY_PACKAGE = {"package.loaded", "package.preload", "package.loaders", "package.searchers"}

LISTED_BY_JIT = {"jit.opt", "jit.util"}


def told(members: tuple[Member, ...], prefix: str = "") -> set[str]:
    """Name and kind of each member, as the scripts above tell them."""
    return {
        f"{prefix}{each.name} {'function' if isinstance(each, Function) else 'value'}"
        for each in members
    }


def kinds(listing: str) -> set[str]:
    """The same of what a script told: what is no function is a value."""
    pairs = [line.split(" ") for line in listing.splitlines()]
    return {f"{name} {'function' if kind == 'function' else 'value'}" for name, kind in pairs}


@pytest.mark.parametrize("version", VERSIONS)
def test_globals_are_those_of_the_real_thing(version):
    """Every global function and value of a Lua is in the catalogue, and nothing it has not."""
    library = standard_library(version)
    runtime = make_runtime(VERSIONS[version])
    expected = told(library.values)
    for name, table in library.tables.items():
        expected |= told(table.members, f"{name}.")
    assert kinds(runtime.execute(_GLOBALS)) == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_modules_are_those_of_the_real_thing(version):
    """What require finds without a file is in the catalogue for exactly the Luas that have it."""
    library = standard_library(version)
    runtime = make_runtime(VERSIONS[version])
    look = runtime.eval(f"function(...) {_MODULE} end")
    for name in whole_library().modules:
        real, module = look(name), library.modules.get(name)
        if real == "function":
            assert module is not None
            assert module.call is not None
        else:
            assert kinds(real) == (told(module.members) if module else set())


@pytest.mark.parametrize("version", VERSIONS)
def test_methods_of_files_are_those_of_the_real_thing(version):
    """An open file has the methods that the catalogue says."""
    runtime = make_runtime(VERSIONS[version])
    assert kinds(runtime.execute(_METHODS)) == told(standard_library(version).types["file"].members)


@pytest.mark.parametrize("version", VERSIONS)
def test_keywords_are_those_of_the_compiler(version):
    """A reserved word is no name; `global` of 5.5 may be one, `goto` of LuaJIT too."""
    load = make_runtime(VERSIONS[version]).eval(
        "function(text) return (loadstring or load)(text) ~= nil end"
    )
    reserved = {each.name for each in standard_library(version).keywords} - {"global"}
    names = {each.name for each in whole_library().keywords} - {"global"}
    may_be_a_name = {"goto"} if VERSIONS[version].is_jit else set()
    taken = {name for name in names if not load(f"local {name} = 1")}
    assert reserved - may_be_a_name == taken - may_be_a_name
    for name in reserved & may_be_a_name:
        assert load(f"{name} out ::out::")


@pytest.mark.parametrize(
    "function",
    [
        each
        for table in whole_library().tables.values()
        for each in table.members
        if isinstance(each, Function)
    ],
    ids=lambda each: each.name,
)
def test_every_function_says_what_it_does(function):
    """Each entry has a sentence of its own."""
    assert function.doc.endswith((".", "…"))


@pytest.mark.parametrize("version", VERSIONS)
def test_functions_that_need_arguments_refuse_to_go_without(version):
    """What the catalogue calls needed is needed: a call without any argument raises an error."""
    runtime = make_runtime(VERSIONS[version])
    call = runtime.eval(
        "function(path) local value = _G "
        "for part in path:gmatch('[^.]+') do value = value[part] end "
        "return (pcall(value)) end"
    )
    library = standard_library(version)
    functions = [("", each) for each in library.values]
    functions += [(f"{t.name}.", each) for t in library.tables.values() for each in t.members]
    going = {
        f"{before}{each.name}"
        for before, each in functions
        if isinstance(each, Function) and each.least > 0 and call(f"{before}{each.name}")
    }
    # LuaJIT 2.1 takes for these two what happens to lie where the argument should.
    assert set() == going - ({"math.ceil", "math.floor"} if version == "luajit2.1" else set())


def test_fields_of_types_are_types():
    """A field that names a type of the catalogue names one there is."""
    library = whole_library()
    named = {
        each.type
        for table in library.tables.values()
        for each in table.members
        if isinstance(each, Field) and "." in each.type
    }
    assert set() == named - library.types.keys()
