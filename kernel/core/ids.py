"""Identifiers, each its own type so that one cannot be passed where another is meant."""

from typing import NewType

ThreadId = NewType("ThreadId", int)
"""A thread of the debuggee; for Lua, a coroutine. The main thread is 1."""

FAILED = ThreadId(-1)
"""The thread under which what is left of a cell that failed is asked for; no list has it."""

FrameId = NewType("FrameId", int)
"""A stack frame, valid until the debuggee resumes; minted by the debuggee."""

VariablesReference = NewType("VariablesReference", int)
"""A container of variables, valid until the debuggee resumes; 0 means "no children"."""

SourceReference = NewType("SourceReference", int)
"""A source without a file, valid for the life of the debuggee; 0 means "read the path"."""

BreakpointId = NewType("BreakpointId", int)
"""A breakpoint, minted by the coordinator and kept while the breakpoint exists."""
