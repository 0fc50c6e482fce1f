"""Durability: what a write that was acknowledged survives."""

from enum import Enum


class Durability(Enum):
    """How long a store waits before it says that something is written."""

    PROCESS = "process"
    """Until the operating system has it: it survives the end of the process, however it comes."""
    POWER = "power"
    """Until the disk has it: it survives the end of the machine too. Slower, ten times or more."""
