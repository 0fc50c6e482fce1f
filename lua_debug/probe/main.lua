-- The way in: putting the probe into a runtime, and running a program in it.
local P = ...

-- Puts the probe's replacements into the script's library.
function P.install(globals)
  P.set_boolean_metatable(nil)
  P.hooks.install(globals)
  P.install_catching(globals)
  P.install_loading(globals)
  P.install_processes(globals)
  P.install_streams(globals)
  P.install_guards(globals)
  P.install_traceback(globals)
  P.install_exit(globals)
  P.install_closed(globals)
  P.note_library(globals)
  P.counts.measure()
end

-- The script is over; finalizers may still run, and nothing stops in them.
function P.finish()
  P.is_over = true
  P.hooks.step(nil)
end

-- Runs a file as the standalone interpreter does (lua.c, handle_script): `arg` and `...` hold the
-- arguments, and before the script's name there stand the words that run it without a debugger. Answers
-- nothing, or the text of the error it ended with ("" if Lua says nothing of it).
function P.run_program(stops_at_entry, path, ...)
  if P.wants_end then -- before it began
    P.dying = true
    return nil
  end
  P.globals.arg = { [-4] = "llmspell", [-3] = "run", [-2] = "--lua", [-1] = P.settings.lua, [0] = path, ... }
  local chunk, message = P.load_file(path)
  if not chunk then return message end
  P.prepare_entry(stops_at_entry)
  local problem = P.run_main(chunk, ...)
  P.flush_logs()
  P.finish()
  if P.dying then return nil end
  return problem
end
