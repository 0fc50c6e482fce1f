"""Lua, embedded through lupa, as an engine and as a debuggee."""
