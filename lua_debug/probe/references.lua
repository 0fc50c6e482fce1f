-- Numbers for what a client may ask about later: frames, containers of variables, places, strings.
-- They only ever grow, so that one of an earlier stop is recognised; nothing is held after a resume but what is left
-- of a cell that failed (remains.lua).
local P = ...

local last = 0
local records = {}
local lasting = {} -- those that no resume ends
local forgetters = {}

-- A number for `record`, valid until the debuggee resumes. `record.kind` says what it is.
function P.mint(record)
  last = last + 1
  records[last] = record
  return last
end

-- The same, valid until P.end_lasting.
function P.mint_lasting(record)
  last = last + 1
  lasting[last] = record
  return last
end

function P.end_lasting() lasting = {} end

-- The record behind a number; raises a "stale" error if it ended, or never was of this kind.
function P.lookup(reference, kind)
  local record = records[reference] or lasting[reference]
  if not record or record.kind ~= kind then
    P.user_error("Reference " .. P.lib.tostring(reference) .. " is not of this stop.", "stale", reference)
  end
  return record
end

-- Has `forget` called at every resume, to drop what was remembered of the stop.
function P.at_resume(forget) forgetters[#forgetters + 1] = forget end

-- Ends all references. Called when the debuggee resumes.
function P.clear_references()
  records = {}
  for index = 1, #forgetters do forgetters[index]() end
end

-- What is done before a table is looked into: nothing, unless the host fills some of its own then.
function P.fill_table(_value) end

-- What the methods of an object of the host are: none, where there is none.
function P.each_method(_value, _visit) end
