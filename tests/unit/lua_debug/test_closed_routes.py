"""Closed libraries: each route out of a script into its process has a test; so has what stays."""

from pathlib import Path

import pytest

from tests.unit.lua_debug.closed_runs import (
    REFUSAL,
    Runner,
    every_kind,
    every_version,
    with_compiler,
)

pytestmark = every_kind


@pytest.fixture
def run(kind: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs Lua code in this version and in this way."""
    return Runner(kind, version, tmp_path, monkeypatch)


def said(answer: str) -> str:
    """An answer without the place in the script, and cut behind the refusal."""
    head, found, _ = answer.partition(REFUSAL)
    return head.rpartition(": ")[2] + found


@every_version
def test_the_registry_is_refused(run: Runner) -> None:
    """Everything that the process keeps in Lua hangs on the registry."""
    answer = run("return select(2, pcall(debug.getregistry))")
    assert f"debug.getregistry {REFUSAL}" == said(answer)


@every_version
@pytest.mark.parametrize("library", ['"x.so", "*"', '"x.so", "luaopen_x"', "1, 2"])
def test_loadlib_is_refused(run: Runner, library: str) -> None:
    """Code in C can do anything, also under a name that is a number."""
    answer = run(f"return select(2, package.loadlib({library}))")
    assert f"code in C {REFUSAL}" == said(answer)


@every_version
@pytest.mark.parametrize("name", ["thing", "thing.part", "7"])
def test_modules_in_c_are_refused(run: Runner, tmp_path: Path, name: str) -> None:
    """A library that require finds is not loaded, nor one that the module is said to be part of."""
    (tmp_path / "thing.so").write_bytes(b"no library")
    (tmp_path / "7.so").write_bytes(b"no library")
    answer = run(f"package.cpath = '{tmp_path}/?.so' return select(2, pcall(require, '{name}'))")
    assert f"code in C {REFUSAL}" in answer


@every_version
def test_searchers_take_no_number_for_another_name(run: Runner, tmp_path: Path) -> None:
    """Called by the script itself, a searcher gets the name unchecked."""
    (tmp_path / "7.so").write_bytes(b"no library")
    answer = run(
        f"""package.cpath = '{tmp_path}/?.so'
        local searchers = package.searchers or package.loaders
        return select(2, pcall(searchers[3], 7))"""
    )
    assert f"code in C {REFUSAL}" in answer


@with_compiler
@pytest.mark.parametrize("module", ["ffi", "jit.util", "string.buffer"])
def test_modules_that_reach_memory_are_refused(run: Runner, module: str) -> None:
    """LuaJIT's own modules read and write any address."""
    answer = run(f"return select(2, pcall(require, '{module}'))")
    assert f"the module {module} {REFUSAL}" == said(answer)
    assert "nil nil" == run(
        f"return tostring(package.loaded['{module}']) .. ' ' .. tostring(jit.util)"
    )


@with_compiler
def test_the_compiler_tells_nothing(run: Runner) -> None:
    """Its events hand over the functions that it compiles, the host's among them."""
    answer = run("return select(2, pcall(jit.attach, function() end, 'record'))")
    assert f"jit.attach {REFUSAL}" == said(answer)


LOADERS = {
    "load": "load(code)",
    "load with a mode": "load(code, 'x', 'b')",
    "loadstring": "(loadstring or load)(code)",
    "load with a reader": "load(function() local piece = code code = nil return piece end)",
    "a reader with a number": "load(function() local p = code code = nil return p end, 1)",
    "loadfile": "loadfile(file)",
    "loadfile with a mode": "loadfile(file, 'b')",
    "loadfile behind a comment": "loadfile(commented)",
    "dofile": "pcall(dofile, file)",
    "require": "pcall(require, 'compiled')",
}


@every_version
@pytest.mark.parametrize("loader", list(LOADERS))
def test_bytecode_is_refused(run: Runner, version: str, loader: str, tmp_path: Path) -> None:
    """Lua does not check bytecode; wherever it comes from, it is not loaded."""
    if version == "5.1" and loader in ("load", "load with a mode"):
        pytest.skip("5.1 loads functions there only")
    answer = run(
        f"""local folder = '{tmp_path}/'
        local code = string.dump(function() return 1 end)
        local file, commented = folder .. 'compiled.lua', folder .. 'commented.lua'
        package.path = folder .. '?.lua'
        local function write(path, text) local f = io.open(path, 'wb') f:write(text) f:close() end
        write(file, code)
        write(commented, '# a comment\\n' .. code)
        return select(2, {LOADERS[loader]})"""
    )
    assert f"bytecode {REFUSAL}" in answer


@every_version
def test_text_is_loaded_as_ever(run: Runner, tmp_path: Path) -> None:
    """Strings, readers, files and modules."""
    (tmp_path / "text.lua").write_text("#!/usr/bin/lua\nreturn 3, ...")
    answer = run(
        f"""package.path = '{tmp_path}/?.lua'
        local pieces = {{ 'return ', '2' }}
        local results = {{
          (loadstring or load)('return 1')(),
          load(function() return table.remove(pieces, 1) end)(),
          loadfile('{tmp_path}/text.lua')(),
          (dofile('{tmp_path}/text.lua')),
          (require('text')),
          tostring(loadfile('{tmp_path}/none.lua')),
        }}
        return table.concat(results, ' ')"""
    )
    assert "1 2 3 3 3 nil" == answer


@every_version
def test_functions_of_the_host_have_no_upvalues(run: Runner) -> None:
    """They cannot be opened, as if they were C; and what would change them is refused."""
    answer = run(
        """local found = {}
        local function open(value, at, seen)
          if type(value) == 'function' then
            local name = debug.getupvalue(value, 1)
            local _, id = pcall(debug.upvalueid or error, value, 1)
            if name or type(id) == 'userdata' then found[#found + 1] = at end
          elseif type(value) == 'table' and not seen[value] then
            seen[value] = true
            for key, each in next, value do open(each, at .. '.' .. tostring(key), seen) end
          end
        end
        open(_G, '', {})
        open(getmetatable(io.stdout), 'file', {})
        return table.concat(found, ' ')"""
    )
    assert "" == answer
    assert f"debug.setupvalue for functions of the host and in C {REFUSAL}" == said(
        run("return select(2, pcall(debug.setupvalue, debug.traceback, 1, 1))")
    )


@every_version
def test_upvalues_of_the_host_are_not_joined(run: Runner, version: str) -> None:
    """A function of the script cannot look through a variable of the host's."""
    if version == "5.1":
        pytest.skip("5.1 has no debug.upvaluejoin")
    answer = run(
        """local x = 1
        local function mine() return x end
        return select(2, pcall(debug.upvaluejoin, mine, 1, debug.traceback, 1))"""
    )
    assert f"debug.upvaluejoin for functions of the host and in C {REFUSAL}" == said(answer)


LOOK_AROUND = """
    local public, found, heard = {}, {}, 0
    local function collect(holder, seen)
      if seen[holder] then return end
      seen[holder] = true
      for _, value in next, holder do
        if type(value) == 'function' then public[value] = true end
        if type(value) == 'table' then collect(value, seen) end
      end
    end
    collect(_G, {})
    collect(getmetatable(io.stdout), {})
    local get, getlocal = debug.getinfo, debug.getlocal
    local function judge(value, how)
      if type(value) ~= 'function' or public[value] then return end
      local info = get(value, 'S')
      if info.what ~= 'C' and info.source == '=[C]' then found[how] = true end
    end
    local function look()
      heard = heard + 1
      for level = 0, 15 do
        local info = get(level, 'f')
        if not info then break end
        judge(info.func, 'func')
        for slot = -3, 12 do judge(select(2, getlocal(level, slot)), 'local') end
      end
    end
    debug.sethook(look, 'crl')
    debug.traceback()
    pcall(require, 'nothing.there')
    local file = io.popen and io.popen('true')
    if file then file:read('*l') file:close() end
    local text = tostring(setmetatable({}, { __tostring = function() look() return '' end }))
    ;(loadstring or load)('return 1')()
    pcall(loadfile, 'nothing')
    coroutine.wrap(function() look() end)()
    debug.sethook()
    return (heard > 10 and 'looked' or 'did not look') .. (next(found) or '')
"""


@every_version
def test_a_hook_sees_nothing_of_the_host(run: Runner) -> None:
    """A script's own hook, called amid the host's functions, gets none of them."""
    assert "looked" == run(LOOK_AROUND)


@every_version
def test_what_lua_keeps_for_itself_is_not_shown(run: Runner) -> None:
    """Slots without a name may hold what the host left there, and are used unchecked."""
    answer = run(
        """debug.traceback()
        local seen = ''
        local function look()
          for level = 1, 2 do
            for slot = 1, 60 do
              local name, value = debug.getlocal(level, slot)
              if not name then break end
              if name:find('^%(') and value ~= nil then seen = name end
            end
          end
        end
        for i = 1, 2 do look() end
        return seen"""
    )
    assert "" == answer
    answer = run(
        """local function change(slot) debug.setlocal(2, slot, {}) end
        for i = 1, 1 do
          for slot = 1, 60 do
            local name = debug.getlocal(1, slot)
            if not name then break end
            if name:find('^%(') then return select(2, pcall(change, slot)) end
          end
        end"""
    )
    assert f"this local variable {REFUSAL}" == said(answer)


@with_compiler
def test_a_call_shows_no_arguments_that_were_not_given(run: Runner) -> None:
    """A hook that hears of a call would find what lay on the stack before."""
    answer = run(
        """local seen = 0
        local function called(...) return ... end
        debug.sethook(function()
          for slot = -30, -1 do
            local name, value = debug.getlocal(2, slot)
            if value ~= nil then seen = seen + 1 end
          end
        end, 'c')
        for i = 1, 5 do debug.traceback() called() end
        debug.sethook()
        return seen"""
    )
    assert "0" == answer


@every_version
def test_metatables_of_userdata_stay(run: Runner) -> None:
    """C code takes a userdata for what its metatable says."""
    answer = run("return select(2, pcall(debug.setmetatable, io.stdout, {}))")
    assert f"debug.setmetatable for userdata {REFUSAL}" == said(answer)
    assert "true" == run(
        """local t, m = {}, {}
        debug.setmetatable(t, m)
        return debug.getmetatable(t) == m"""
    )


@every_version
def test_levels_are_not_taken_for_functions(run: Runner) -> None:
    """The option > has Lua 5.1 to 5.3 look at whatever lies on the stack."""
    answer = run("return select(2, pcall(debug.getinfo, 1, '>S'))")
    assert "bad argument #2 to 'getinfo' (invalid option)" == answer.rpartition(": ")[2]


@pytest.mark.parametrize("version", ["5.1", "luajit2.0", "luajit2.1"])
def test_environments_of_the_host_stay(run: Runner) -> None:
    """That of a file holds functions which Lua 5.1 calls unchecked."""
    kept = "debug.setfenv for functions of the host, in C, and for userdata"
    for value in ("io.stdout", "io.close", "debug.traceback"):
        answer = run(f"return select(2, pcall(debug.setfenv, {value}, {{}}))")
        assert f"{kept} {REFUSAL}" == said(answer)
        assert "true" == run(f"local e = debug.getfenv({value}) return e == nil or e == _G")
    changed = "'setfenv' cannot change environment of given object"
    assert changed in run("return select(2, pcall(setfenv, debug.traceback, {}))")
    assert "7" == run(
        """local function of_level() setfenv(2, { value = 7, tostring = tostring }) end
        local function inner() of_level() return value end
        return inner()"""
    )


@every_version
def test_scripts_debug_themselves(run: Runner) -> None:
    """Frames, locals, upvalues and hooks of its own functions are a script's as ever."""
    answer = run(
        """local up = 1
        local function own(a)
          local b = up + a
          local name, value = debug.getlocal(1, 2)
          debug.setlocal(1, 2, value * 10)
          local co = coroutine.create(function(x) local y = x coroutine.yield(y) end)
          coroutine.resume(co, 5)
          return table.concat({ name, value, b, debug.getinfo(1, 'f').func == own and 'own' or '?',
            debug.getinfo(1, 'l').currentline > 0 and 'line' or '?',
            tostring(select(2, debug.getlocal(co, 1, 2))) }, ' ')
        end
        local before = own(2)
        local lines = 0
        debug.sethook(function() lines = lines + 1 end, 'l')
        local x = 1
        x = x + 1
        debug.sethook()
        local name, value = debug.getupvalue(own, 1)
        debug.setupvalue(own, 1, 100)
        return before .. ' ' .. name .. value .. up .. (lines >= 2 and ' heard' or '?')"""
    )
    assert "b 3 30 own line 5 up1100 heard" == answer


@every_version
def test_full_libraries_are_luas_own(run: Runner, version: str) -> None:
    """A script that is trusted has what the routes above refuse."""
    answer = run(
        """local code = string.dump(function() return 'dumped' end)
        local message = select(2, package.loadlib('/nothing/there.so', '*'))
        local ffi = not jit or type(require('ffi').cast) == 'function'
        return table.concat({ (loadstring or load)(code)(), type(debug.getregistry()),
          message:find('closed') and '?' or 'loadlib', tostring(ffi) }, ' ')""",
        "full",
    )
    assert "dumped table loadlib true" == answer
