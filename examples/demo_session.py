"""Debugs examples/invoice.lua from a scripted client, as an editor would, and tells what happens.

Run it with ``make demo``. It starts the adapter the way editors do (``llmspell dap``), sets a
breakpoint, looks at locals, changes a variable, steps, and stops on the error the script runs into.
"""

import sys
from pathlib import Path

from dap_server.client import DapClient, Stop

PROGRAM = Path(__file__).with_name("invoice.lua")
ADAPTER = [sys.executable, "-m", "llmspell", "dap"]


def tell(text: str) -> None:
    """Write a line of the transcript."""
    sys.stdout.write(text + "\n")


def show(client: DapClient, stop: Stop) -> None:
    """Where the program stands, its stack and its locals."""
    source = PROGRAM.read_text("utf-8").splitlines()
    line = stop.line or 0
    tell(f"  stopped ({stop.reason}) at line {line}:  {source[line - 1].strip()}")
    tell(f"    stack:  {' < '.join(frame.name for frame in client.stack())}")
    tell(f"    locals: {', '.join(f'{k} = {v}' for k, v in client.locals().items())}")


def stopped(stop: Stop | None) -> Stop:
    """The stop there has to be."""
    if stop is None:
        raise SystemExit("The program ended where it should have stopped.")
    return stop


def main() -> int:
    """Tell the story; 0 if it went as it should."""
    with DapClient.spawn(ADAPTER) as client:
        tell("> initialize, launch invoice.lua, break at line 10, stop on uncaught errors")
        client.break_at(PROGRAM, 10, condition="item.name ~= 'bread'")
        client.start("launch", {"program": str(PROGRAM)})
        client.requests.set_exception_breakpoints(filters=["uncaught"])
        show(client, stopped(client.run()))

        tell("> set variable: total = 100")
        tell(f"    total is now {client.set_variable('total', '100')}")
        tell(f"> evaluate: item.price * 2\n    {client.evaluate('item.price * 2')}")

        tell("> step over, step over (out of the function), step over")
        for _ in range(3):
            show(client, client.step_over())

        tell("> continue: 'bread' is skipped by the condition; 'cheese' has no count")
        stop = client.continue_()
        show(client, stop)
        tell(f"    error: {stop.text}")

        tell("> continue to the end")
        status = client.run_to_end()
        tell("  the program wrote:")
        for line in client.output().splitlines():
            tell(f"    | {line}")
        tell(f"  exit status {status}; {len(client.transcript)} frames were exchanged")
        return 0 if (status, stop.reason) == (1, "exception") else 1


if __name__ == "__main__":
    sys.exit(main())
