-- Values as a cell's result is shown: text for a terminal, a table of HTML where that says more, or what
-- the value itself wants to be shown as. But for that nothing of the script is run: everything is raw.
local P = ...

local lib = P.lib
local type, next, rawget = lib.type, lib.next, lib.rawget
local concat, gsub, rep, find = lib.table.concat, lib.string.gsub, lib.string.rep, lib.string.find
local getmetatable = lib.debug.getmetatable

local WIDTH = 80 -- columns in which a table is written in one line
local MOST, DEEPEST, LONGEST = 100, 6, 10000 -- entries of a table, tables in tables, bytes of a string
local most, deepest = MOST, DEEPEST -- what is wanted now
local ROWS, COLUMNS = 60, 20 -- of a table of HTML
local ELLIPSIS = "\226\128\166"

-- Text ----------------------------------------------------------------------------------------------

local write

-- The pieces of a table's entries; `open`: the tables around it.
local function entries(object, depth, open)
  local pieces, count = {}, 0
  local border = P.rawlen(object)
  for index = 1, border do
    if count >= most then break end
    count = count + 1
    pieces[count] = write(rawget(object, index), depth + 1, open)
  end
  local left, record, index = border - count, { value = object }, 1
  local key = P.named_key(record, 1)
  while key ~= nil do
    if count < most then
      count = count + 1
      pieces[count] = P.key_text(key) .. " = " .. write(rawget(object, key), depth + 1, open)
    else
      left = left + 1
    end
    index = index + 1
    if index > 10 * most then break end
    key = P.named_key(record, index)
  end
  if left > 0 then pieces[count + 1] = "-- " .. left .. " more" end
  return pieces, left > 0
end

local function write_table(object, depth, open)
  local name = P.own_name(object)
  local prefix = name and name .. " " or ""
  if next(object) == nil then return prefix .. "{}" end
  if open[object] then return prefix .. "{" .. ELLIPSIS .. "} --[[ itself ]]" end
  if depth >= deepest then return prefix .. "{" .. ELLIPSIS .. "}" end
  open[object] = true
  local pieces, is_cut = entries(object, depth, open)
  open[object] = nil
  local line = concat(pieces, ", ")
  if not is_cut and #line + #prefix + 2 * depth <= WIDTH and not find(line, "\n", 1, true) then return prefix .. "{" .. line .. "}" end
  local indent = "\n" .. rep("  ", depth + 1)
  local last = pieces[#pieces]
  pieces[#pieces] = nil
  local body = concat(pieces, "," .. indent) .. (#pieces > 0 and "," or "") .. indent .. last .. (is_cut and "" or ",")
  return prefix .. "{" .. indent .. body .. "\n" .. rep("  ", depth) .. "}"
end

function write(value, depth, open)
  local kind = type(value)
  if kind == "table" then return write_table(value, depth, open) end
  if kind == "string" then return P.quote(value, LONGEST) end
  return (P.show(value))
end

-- The text of a value; one whose metatable has __tostring says itself what it is.
local function text_of(value)
  if type(value) ~= "string" and P.has_metamethod(value, "__tostring") then
    local text, fine = P.tostring_text(value)
    if fine and type(text) == "string" then return P.text(text) end
  end
  return write(value, 0, {})
end

-- HTML ----------------------------------------------------------------------------------------------

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
local function escape(text) return (gsub(text, '[&<>"]', entities)) end

local function cell(value)
  if value == nil then return "<td></td>" end
  local text = type(value) == "string" and P.text(P.cut(value, 200)) or (P.show(value))
  return "<td>" .. escape(text) .. "</td>"
end

-- The names of all columns, if the list holds nothing but tables that have names.
local function columns_of(list, rows)
  local names, seen = {}, {}
  for row = 1, rows do
    local record = rawget(list, row)
    if type(record) ~= "table" or P.has_metamethod(record, "__tostring") then return nil end
    for key in next, record do
      if type(key) ~= "string" then return nil end
      if not seen[key] then
        seen[key] = true
        names[#names + 1] = key
      end
    end
  end
  P.sort_keys(names)
  return #names > 0 and #names <= COLUMNS and names or nil
end

-- A list of records as a table, nil for everything else.
local function html_of(value)
  if type(value) ~= "table" then return nil end
  local border = P.rawlen(value)
  local rows = border < ROWS and border or ROWS
  local names = rows > 0 and columns_of(value, rows)
  if not names then return nil end
  local out = { "<table>\n<thead><tr><th></th>" }
  for index = 1, #names do out[#out + 1] = "<th>" .. escape(P.text(names[index])) .. "</th>" end
  out[#out + 1] = "</tr></thead>\n<tbody>\n"
  for row = 1, rows do
    out[#out + 1] = "<tr><th>" .. row .. "</th>"
    for index = 1, #names do out[#out + 1] = cell(rawget(rawget(value, row), names[index])) end
    out[#out + 1] = "</tr>\n"
  end
  out[#out + 1] = "</tbody>\n</table>"
  if border > rows then out[#out + 1] = "\n<p>" .. border - rows .. " more rows</p>" end
  return concat(out)
end

-- Bundles -------------------------------------------------------------------------------------------

-- What a value with __display in its metatable wants to be shown as: media types and their texts.
local function own_bundle(value)
  local metatable = getmetatable(value)
  local show = type(metatable) == "table" and rawget(metatable, "__display")
  if show == nil or show == false then return nil end
  local ok, results = P.run_limited(show, value)
  if not ok then return { ["text/plain"] = "__display: " .. P.error_text(results) } end
  local bundle = results[1]
  local data = {}
  for media, text in next, type(bundle) == "table" and bundle or {} do
    if type(media) == "string" and type(text) == "string" then data[media] = P.text(text) end
  end
  return next(data) and data or nil
end

-- Values (packed) by media type: one may have several forms, of more than one there is text. `limits`,
-- where others than ours are wanted: {entries =, depth =}.
function P.bundle(values, limits)
  most, deepest = limits and limits.entries or MOST, limits and limits.depth or DEEPEST
  if values.n == 1 then
    local value = values[1]
    local data = own_bundle(value) or { ["text/html"] = html_of(value) }
    data["text/plain"] = data["text/plain"] or text_of(value)
    return data
  end
  local texts = {}
  for index = 1, values.n do texts[index] = text_of(values[index]) end
  return { ["text/plain"] = concat(texts, ", ") }
end
function P.pretty(value)
  most, deepest = MOST, DEEPEST
  return text_of(value)
end
