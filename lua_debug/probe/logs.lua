-- What log points write: gathered, so that many messages cross to the host at once.
--
-- Whatever else is told (an event, output of the script, the end) comes behind the messages written
-- before it. A message waits no longer than the host's timer: it sends a command to flush.
local P = ...

local lib = P.lib
local concat = lib.table.concat
local host = P.host

local MOST = 200 -- messages that are held back

local texts, count = {}, 0
local source, line -- the place all of them come from

-- Gives the host the messages that wait.
function P.flush_logs()
  if count == 0 then return end
  local text = concat(texts, "\n", 1, count) .. "\n"
  count = 0
  host.output(text, "console", source, line)
end

-- Writes a message of the log point at a line of a raw source.
function P.log(text, from, at)
  if count > 0 and (count >= MOST or from ~= source or at ~= line) then P.flush_logs() end
  if count == 0 then
    source, line = from, at
    host.logs_wait()
  end
  count = count + 1
  texts[count] = text
end

function P.ops.flush_logs()
  P.flush_logs()
  return {}
end

function P.emit(event)
  P.flush_logs()
  host.emit(P.json(event))
end
