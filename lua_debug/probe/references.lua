-- Numbers for what a client may ask about later: frames, containers of variables, places, strings.
-- They only ever grow, so that one of an earlier stop is recognised; nothing is held after a resume.
local P = ...

local last = 0
local records = {}
local forgetters = {}

-- A number for `record`, valid until the debuggee resumes. `record.kind` says what it is.
function P.mint(record)
  last = last + 1
  records[last] = record
  return last
end

-- The record behind a number; raises a "stale" error if it ended, or never was of this kind.
function P.lookup(reference, kind)
  local record = records[reference]
  if not record or record.kind ~= kind then
    P.user_error("Reference " .. P.lib.tostring(reference) .. " belongs to an earlier stop.", "stale", reference)
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
