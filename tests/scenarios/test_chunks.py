"""Chunks without a file."""

import pytest

from dap_server.protocol import generated as dap


def sources_of(d):
    """The sources of the stack, innermost first."""
    return [frame.source for frame in d.client.stack()]


def break_in(d, path, *lines):
    """Breakpoints in a file, by a path as it is."""
    source = dap.Source(path=str(path))
    wanted = [dap.SourceBreakpoint(line=line) for line in lines]
    return d.requests.set_breakpoints(source=source, breakpoints=wanted).breakpoints


CHUNK = 'local a = 1\nlocal function f()\n  return a\nend\nerror("here")\n'


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("=name", "name"),
        ("=with space", "with space"),
        ("=stdin", "stdin"),
        ("=", ""),
        ("=?", "?"),
        ("=" + "n" * 100, "n" * 100),
        ("@virtual.lua", "virtual.lua"),
        ("@" + "long" * 30 + ".lua", "long" * 30 + ".lua"),
        ("plain name", '[string "plain name"]'),
        ("two\nlines", '[string "two…"]'),
        ("x" * 100, f'[string "{"x" * 40}…"]'),
        ("", '[string ""]'),
        (None, '[string "local a = 1…"]'),
    ],
)
def test_names_of_chunks(debug, name, shown):
    """Every chunk has a name to show and a text to read, whatever ``load`` was told."""
    given = "nil" if name is None else '"' + name.replace("\n", "\\n") + '"'
    text = CHUNK.replace("\n", "\\n").replace('"', '\\"')
    with debug(f'local text = "{text}"\npcall((loadstring or load)(text, {given}))\n') as d:
        d.stop_on("all")
        d.run()
        source = next(each for each in sources_of(d) if each)
        assert (shown, None) == (source.name, source.path)
        body = d.requests.source(source_reference=source.source_reference)
        assert (CHUNK, "text/x-lua") == (body.content, body.mime_type)
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("name", ["=name", "@virtual.lua", "plain", None])
def test_a_breakpoint_by_reference(debug, name):
    """The text of a chunk can be stopped in, when it is loaded already and when it is again."""
    given = "nil" if name is None else f'"{name}"'
    with debug(f"""
        local text = "local a = 1\\nreturn function(x)\\n  local y = x\\n  return y\\nend\\n"
        local load = loadstring or load
        local one = load(text, {given})()
        one(1)  -- @here
        one(2)
        local two = load(text, {given})()
        two(3)
    """) as d:
        d.break_at("here")
        d.run()
        d.step_in()
        (source,) = sources_of(d)[:1]
        wanted = dap.Source(source_reference=source.source_reference)
        (answer,) = d.requests.set_breakpoints(
            source=wanted, breakpoints=[dap.SourceBreakpoint(line=4)]
        ).breakpoints
        assert (True, 4) == (answer.verified, answer.line)
        found = []
        for _ in range(3):
            d.continue_()
            found.append(d.locals()["x"])
        assert ["1", "2", "3"] == found
        assert 0 == d.run_to_end()


def test_a_chunk_that_calls_itself_c(debug):
    """A chunk named as Lua names C code is taken for that: it is run and not shown."""
    with debug("""
        local chunk = (loadstring or load)("local f = ...\\nf(1)\\nreturn 5", "=[C]")
        local function back(x)
          return x             -- @back
        end
        local y = chunk(back)  -- @call
        print(y)               -- @print
    """) as d:
        d.break_at("back")
        d.run()
        assert "back" == d.names()[0]
        assert "main chunk" in d.names()
        assert d.walk("out") in ("call", "print")
        assert 0 == d.run_to_end()
        assert "5\n" == d.output("stdout")


STRIPPED = """
    local load = loadstring or load
    local stripped = load(strip(load("local g = ... g() return 1")))
    stripped(function()
      local x = 1  -- @x
    end)
"""

STRIP = r"""
    local text, word, at, is_51, out
    local function skip(count) at = at + count end
    local function int()
      local a, b, c, d = text:byte(at, at + 3)
      skip(4)
      return a + 256 * (b + 256 * (c + 256 * d))
    end
    local function cut(count) out[#out + 1] = ("\0"):rep(count) end
    local function keep(from) out[#out + 1] = text:sub(from, at - 1) end
    local function skip_string()
      local length = int()
      skip(word - 4 + length)
    end
    local function skip_constant()
      local kind = text:byte(at)
      skip(1)
      if kind == 1 then skip(1) elseif kind == 3 then skip(8) elseif kind == 4 then skip_string() end
    end
    local function body()
      if is_51 then skip_string() cut(word) end
      local from = at
      skip(is_51 and 12 or 11)  -- lines, parameters, stack
      local instructions = int()
      skip(4 * instructions)
      for _ = 1, int() do skip_constant() end
      local functions = int()
      keep(from)
      for _ = 1, functions do body() end
      if not is_51 then
        from = at
        local upvalues = int()
        skip(2 * upvalues)
        keep(from)
        skip_string() cut(word)  -- the source
      end
      local lines = int()
      skip(4 * lines)
      for _ = 1, int() do skip_string() skip(8) end  -- locals
      for _ = 1, int() do skip_string() end          -- upvalues
      cut(12)
    end
    local function strip(f)
      text, out, is_51 = string.dump(f), {}, _VERSION == "Lua 5.1"
      word, at = text:byte(9), is_51 and 13 or 19
      keep(1)
      body()
      return table.concat(out)
    end
"""


def stripped_code_is_shown(d):
    d.break_at("x")
    d.run()
    frames = d.client.stack()
    assert ["main.lua", "?", "main.lua"] == [frame.source.name for frame in frames]
    stripped = frames[1]
    assert (0, None) == (stripped.line, stripped.source.source_reference)
    d.requests.scopes(frame_id=stripped.id)
    assert "2" == d.evaluate("1 + 1", frame=stripped.id)
    d.client.step_over()
    assert 0 == d.run_to_end()


@pytest.mark.lua("5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_stripped_bytecode(debug):
    """Code without lines and names is run and shown as such, and stepped over."""
    with debug("local function strip(f) return string.dump(f, true) end\n" + STRIPPED) as d:
        stripped_code_is_shown(d)


@pytest.mark.lua("5.1", "5.2")
def test_bytecode_that_luac_stripped(debug):
    """Lua 5.1 and 5.2 strip with luac only (here by hand); what it leaves is debugged the same."""
    with debug(STRIP + STRIPPED) as d:
        stripped_code_is_shown(d)


@pytest.mark.lua("5.1", "5.2")
def test_bytecode_that_luac_stripped_in_a_file(debug):
    """A breakpoint in a file of bytecode without lines is refused with the reason."""
    with debug(
        STRIP
        + """
    local file = io.open(arg[0]:match("^(.*)/") .. "/lib.luac", "wb")
    file:write(strip(function() return 7 end))
    file:close()
    print(dofile(arg[0]:match("^(.*)/") .. "/lib.luac"))  -- @here
    """
    ) as d:
        d.break_at("here")
        d.run()
        (answer,) = break_in(d, d.folder / "lib.luac", 1)
        assert not answer.verified
        assert "precompiled" in answer.message
        assert 0 == d.run_to_end()
        assert "7\n" == d.output("stdout")


@pytest.mark.parametrize("name", ['"=pieces"', "nil", '"@pieces.lua"', '"text"'])
def test_a_chunk_that_a_function_gives_in_pieces(debug, name):
    """It is stepped into, and its text is there to be read."""
    with debug(
        """
        local pieces, n = { "local a = 1\\n", "return a\\n" }, 0
        local chunk = load(function() n = n + 1 return pieces[n] end, NAME)
        chunk()  -- @call
    """.replace("NAME", name)
    ) as d:
        d.break_at("call")
        d.run()
        top = d.requests.stack_trace(thread_id=d.step_in().thread).stack_frames[0]
        assert (1, "main chunk") == (top.line, top.name)
        told = d.requests.source(source_reference=top.source.source_reference)
        assert "local a = 1\nreturn a\n" == told.content


def test_a_chunk_of_bytecode_whose_text_nobody_knows(debug):
    """It is stepped into, and looked at, without a text."""
    with debug("""
        local code = string.dump((loadstring or load)("local a = ...\\nreturn a", "=made"))
        local chunk = (loadstring or load)(code, "=other")
        print(chunk(5))  -- @call
    """) as d:
        d.break_at("call")
        d.run()
        d.step_in()
        frames = d.requests.stack_trace(thread_id=1).stack_frames
        assert 2 == len(frames)
        assert 0 == d.run_to_end()


COMPILED = """
    local folder = arg[0]:match("^(.*)/")
    local file = assert(io.open(folder .. "/lib.luac", "wb"))
    file:write(string.dump(assert(loadfile(folder .. "/lib.lua"))))
    file:close()
    print("compiled")  -- @compiled
    %s
    print(lib(20))
"""
LIB = "local one = 1\nreturn function(x)\n  local y = x + one\n  return y\nend\n"
WAYS = {
    "loadfile": 'local lib = loadfile(folder .. "/lib.luac")()',
    "dofile": 'local lib = dofile(folder .. "/lib.luac")',
    "require": 'package.path = folder .. "/?.luac" local lib = require("lib")',
    "load": """local lib = (loadstring or load)(
        string.dump(assert(loadfile(folder .. "/lib.lua"))))()""",
    "pieces": """local text = string.dump(assert(loadfile(folder .. "/lib.lua")))
        local lib = load(function() local piece = text text = nil return piece end)()""",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_late", [False, True])
def test_compiled_code_stops_by_the_lines_of_its_file(debug, way, is_late):
    """Bytecode says which file it was made of; breakpoints there hold for it, too."""
    with debug(COMPILED % WAYS[way], {"lib.lua": LIB}) as d:
        lib = d.folder / "lib.lua"
        if is_late:
            d.break_at("compiled")
            d.run()
        else:
            d.start()
        (answer,) = break_in(d, lib, 3)
        if not is_late:
            assert not answer.verified
        stop = d.continue_() if is_late else d.client.run()
        assert (3, str(lib)) == (stop.line, stop.path)
        assert "20" == d.locals()["x"]
        assert 4 == d.client.step_over().line
        assert 0 == d.run_to_end()
        assert "compiled\n21\n" == d.output("stdout")


def test_compiled_code_beside_its_text(debug):
    """One breakpoint stops in the functions of both."""
    both = WAYS["load"] + '\n    local plain = dofile(folder .. "/lib.lua") print(plain(10))'
    with debug(COMPILED % both, {"lib.lua": LIB}) as d:
        d.start()
        break_in(d, d.folder / "lib.lua", 3)
        d.client.run()
        assert "10" == d.locals()["x"]
        d.continue_()
        assert "20" == d.locals()["x"]
        assert 0 == d.run_to_end()
        assert "compiled\n11\n21\n" == d.output("stdout")
