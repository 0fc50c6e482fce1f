"""The language server for Lua: what an editor knows about a script that does not run."""
