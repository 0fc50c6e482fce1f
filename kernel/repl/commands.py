"""The table of all commands."""

from kernel.repl import (
    look_commands,
    program_commands,
    step_commands,
    stop_commands,
    terminal_commands,
)
from kernel.repl.table import CommandTable


def all_commands() -> CommandTable:
    """Every command of the REPL, grouped as the help shows them."""
    return CommandTable(
        (
            *step_commands.COMMANDS,
            *stop_commands.COMMANDS,
            *look_commands.COMMANDS,
            *program_commands.COMMANDS,
            *terminal_commands.COMMANDS,
        )
    )
