-- The standard traceback of a thread as if the probe were not there: the words and the cuts are those
-- of each version's own (5.1: ldblib.c, db_errorfb; later: lauxlib.c, luaL_traceback).
local P = ...

local lib = P.lib
local getinfo, getlocal, getupvalue = lib.debug.getinfo, lib.debug.getlocal, lib.debug.getupvalue
local concat, format, match, sub = lib.table.concat, lib.string.format, lib.string.match, lib.string.sub
local floor, max, min = lib.math.floor, lib.math.max, lib.math.min
local next, rawequal, tostring, type = lib.next, lib.rawequal, lib.tostring, lib.type
local find = lib.string.find

local WHOLE = 300 -- levels of a stack that is looked at as a whole; of deeper ones only the two ends
local TOP, BOTTOM = 60, 14 -- levels looked at at each end; a level costs as much as it is deep

P.CALLS_OUT = {} -- an upvalue of those functions of the probe that call the script's
P.traced_calls = {} -- handler of ours in an xpcall -> the name of the function it stands in for

-- Which levels are the script's ------------------------------------------------------------------------

local function is_probe(info) return info.source == "=[C]" and info.what ~= "C" end

local function calls_out(func)
  for index = 1, 10 do
    local name, value = getupvalue(func, index)
    if not name then return false end
    if rawequal(value, P.CALLS_OUT) then return true end
  end
  return false
end

-- The name of the function that an xpcall of ours stands in for ("" if that is nobody's business);
-- nil if it is none of ours. The message handler lies in the first slot or in the second.
function P.traced_call(thread, level, func)
  if func ~= lib.xpcall then return nil end
  for slot = 1, 2 do
    local _, value = getlocal(thread, level, slot)
    if P.traced_calls[value] then return P.traced_calls[value] end
    if type(value) == "function" and is_probe(getinfo(value, "S")) then return "xpcall" end
  end
  return nil
end

-- The levels from `first` to `last` (the outermost) that a script would see without the probe,
-- innermost first. Code of the probe and what it calls is one C function, the one the script called;
-- but pcall and xpcall of ours call what the script gave them, which may be in C or ours as well.
function P.visible_levels(thread, first, last)
  local found, is_inside = {}, getinfo(thread, last + 1, "l") == nil -- a coroutine's body may be ours
  local calls_for_script = false
  for level = last, first, -1 do
    local info = getinfo(thread, level, "Sf")
    local is_called_for_script = calls_for_script
    calls_for_script = false
    if info.what == "C" then
      local name = P.traced_call(thread, level, info.func)
      if name == "" then is_inside = true end
      calls_for_script = is_inside and name ~= nil and name ~= "" and found[#found] == level + 1
      if is_called_for_script then is_inside = false end
      if not is_inside then found[#found + 1] = level end
    elseif not info.func then
      if not is_inside then found[#found + 1] = level end -- 5.1: a tail call
    elseif is_probe(info) then
      if (not is_inside or is_called_for_script) and not calls_out(info.func) then found[#found + 1] = level end
      is_inside = not calls_out(info.func)
    else
      found[#found + 1], is_inside = level, false
    end
  end
  for index = 1, floor(#found / 2) do
    local other = #found + 1 - index
    found[index], found[other] = found[other], found[index]
  end
  return found
end

-- The outermost level of a thread, `low` being one that there is.
local function last_level(thread, low)
  if P.hooks and P.hooks.depth then return P.hooks.depth(thread) - 1 end
  local high = low + 16
  while getinfo(thread, high, "l") do low, high = high, high * 2 end
  while high - low > 1 do
    local middle = floor((low + high) / 2)
    if getinfo(thread, middle, "l") then low = middle else high = middle end
  end
  return low
end

-- The level of a function near the outer end of a stack; nil if an error ended its call already.
local function level_of(thread, func, first, last)
  for level = last, max(first, last - TOP), -1 do
    if getinfo(thread, level, "f").func == func then return level end
  end
  return nil
end

-- Words ---------------------------------------------------------------------------------------------

-- The key under which a table holds a function, or one of its tables does: "print", "string.rep".
local function field_name(holder, func, depth)
  for key, value in next, holder do
    if type(key) == "string" then
      if rawequal(value, func) then return key end
      local inner = depth > 1 and type(value) == "table" and field_name(value, func, depth - 1)
      if inner then return key .. "." .. inner end
    end
  end
  return nil
end

-- The dotted name of a function that a module holds (lauxlib.c, pushglobalfuncname).
local function global_name(func)
  if P.version == "5.2" then return field_name(P.globals, func, 2) end
  local loaded = lib.package and lib.package.loaded
  local name = type(loaded) == "table" and field_name(loaded, func, 2)
  return name and (match(name, "^_G%.(.*)") or name)
end

local function place(info)
  if info.what == "C" or is_probe(info) then return "[C]:" end
  if info.currentline > 0 then return format("%s:%d:", info.short_src, info.currentline) end
  return info.short_src .. ":"
end

local function defined_at(info) return format("function <%s:%d>", info.short_src, info.linedefined) end

-- 5.1 and LuaJIT: "main.lua:3: in function 'work'".
local function words_51(info, name)
  local is_c = info.what == "C" or is_probe(info)
  if name then return place(info) .. " in function '" .. name .. "'" end
  if info.what == "main" then return place(info) .. " in main chunk" end
  if info.what == "tail" then return info.short_src .. ": ?" end
  if not is_c then return place(info) .. " in " .. defined_at(info) end
  if not P.is_jit then return "[C]: ?" end
  local builtin = match(tostring(info.func), "builtin#%d+")
  return (builtin and "[" .. builtin .. "]:" or "[C]:") .. " at " .. (match(tostring(info.func), "0x%x+") or "?")
end

-- 5.2 and later. 5.3 and 5.4 prefer the name a module has for the function, 5.5 the one in the code.
local function words_52(info, name)
  local is_c = info.what == "C" or is_probe(info)
  local head = place(info) .. " in "
  local is_asked = P.version == "5.3" or P.version == "5.4" or not name and (is_c or P.version == "5.5")
  local global = is_asked and global_name(info.func)
  if global then return head .. "function '" .. global .. "'" end
  if name then return head .. (P.version == "5.2" and "function" or info.namewhat) .. " '" .. name .. "'" end
  if info.what == "main" then return head .. "main chunk" end
  return head .. (is_c and "?" or defined_at(info))
end

local words = P.is_51 and words_51 or words_52
local FIELDS = P.is_51 and "Slnf" or "Slntf"

local function is_called_from_c(thread, level)
  local info
  repeat
    level = level + 1
    info = getinfo(thread, level, "S")
  until not info or not is_probe(info)
  return info ~= nil and info.what == "C"
end

-- For an xpcall that stands in for the function called `name`.
local function traced_text(thread, level, name)
  if P.is_51 and is_called_from_c(thread, level) then return words_51({ what = "C", func = lib[name] }, nil) end
  return "[C]: in " .. (P.version == "5.5" and "global" or "function") .. " '" .. name .. "'"
end

-- The names of files are cut at 60 bytes (luaconf.h, LUA_IDSIZE) unless they shall be whole.
local function row_text(thread, level, is_whole)
  local info = getinfo(thread, level, FIELDS)
  if is_whole and sub(info.source, 1, 1) == "@" then info.short_src = sub(info.source, 2) end
  local traced = info.what == "C" and P.traced_call(thread, level, info.func)
  if traced then return traced_text(thread, level, traced) end
  local name = info.namewhat ~= "" and info.name or nil
  local caller = name and getinfo(thread, level + 1, "S")
  if caller and is_probe(caller) then name = nil end -- the name is one that the probe uses
  local text = words(info, name)
  return info.istailcall and not is_probe(info) and text .. "\n\t(...tail calls...)" or text
end

-- Cuts ----------------------------------------------------------------------------------------------

-- How many rows stand before and after the dots, of `count` rows, the first of which is `start`
-- levels above the running function; nil if all are shown.
local function cut(count, start)
  if P.is_51 then
    local top = max(12 - start, 0)
    if count < top + 12 then return nil end
    return top, 10, "..."
  elseif P.version == "5.2" then
    if start + count - 1 <= 22 then return nil end
    return max(11 - start, 0), 11, "..."
  end
  if count <= 22 then return nil end
  if P.version == "5.3" then return 10, 11, "..." end
  return 10, 11, "...\t(skipping " .. count - 22 .. " levels)"
end

-- The traceback of `thread` (another one than the running) from level `first` on. `bottom`, if given,
-- is the function it ends with, and is followed by what stands at the bottom of the interpreter's own.
-- `start` is what the script would call the first level. `is_whole`: names of files are not cut.
function P.standard_traceback(thread, message, first, start, bottom, is_whole)
  local pieces = { message and message .. "\n" or "", "stack traceback:" }
  if not getinfo(thread, first, "l") then return concat(pieces) end
  local last = P.depth_of and P.depth_of(thread) - 1 or last_level(thread, first)
  local hidden_below = 0
  if bottom then last = level_of(thread, bottom, first, last) or last end
  local rows
  if last - first < WHOLE then
    rows = P.visible_levels(thread, first, last)
  else
    rows = P.visible_levels(thread, first, first + TOP)
    local ends = P.visible_levels(thread, last - BOTTOM, last)
    hidden_below = last - first - TOP - BOTTOM - 1
    for index = 1, #ends do rows[#rows + 1] = ends[index] end
  end
  if bottom then rows[#rows + 1] = "[C]: " .. (P.version == "5.1" and "?" or "in ?") end
  local top, tail, dots = cut(#rows + hidden_below, start)
  for index = 1, #rows do
    if not top or index <= top or index > #rows - tail then
      local row = rows[index]
      pieces[#pieces + 1] = "\n\t" .. (type(row) == "string" and row or row_text(thread, row, is_whole))
    elseif index == top + 1 then
      pieces[#pieces + 1] = "\n\t" .. dots
    end
  end
  return concat(pieces)
end

-- debug.traceback -----------------------------------------------------------------------------------

local create, resume, running, select = lib.coroutine.create, lib.coroutine.resume, lib.coroutine.running, lib.select

-- The traceback of the running thread from `level` on, as the function that called ours counts.
local function own_traceback(own, message, level)
  local helper = create(function(thread)
    local first = 1
    while getinfo(thread, first, "f").func ~= own do first = first + 1 end
    return P.standard_traceback(thread, message, first + level, level, P.main_chunk(thread))
  end)
  return resume(helper, running() or P.main)
end

-- As the original (ldblib.c, db_traceback), but for what is the probe's.
function P.install_traceback(globals)
  local original = lib.debug.traceback
  local function traceback(...)
    local thread, message, level = nil, ...
    local count = select("#", ...)
    if type(message) == "thread" then
      thread, message, level = ...
      count = count - 1
    end
    local is_text = message == nil and (count == 0 or not P.is_51) or type(message) == "string" or type(message) == "number"
    if not is_text or level ~= nil and type(level) ~= "number" then return original(...) end
    local ok, text
    if thread and thread ~= (running() or P.main) then
      ok, text = true, P.standard_traceback(thread, message, level or 0, level or 0)
    else
      ok, text = own_traceback(globals.debug.traceback, message, level or 1)
    end
    return ok and text or original(...)
  end
  globals.debug.traceback = traceback
end
