"""``python -m bench [lua…] [--rounds N] [--only PART] [--postgres URL]``: print the measurements.

``peers`` are the workloads that other debuggers were measured with (docs/comparison.md).
"""

import argparse
import sys

from bench import execute, host_calls, language_server, overhead, state, stops, typing
from bench.programs import OURS, PEERS
from lua_debug.versions import VERSIONS


def tell_stops(lua: str) -> None:
    """Rates and latencies of one version."""
    false = stops.rate(lua, 3_000_000, condition="i < 0")
    counted = stops.rate(lua, 1_000_000, hit_condition="== 2000000")
    logged = stops.rate(lua, 200_000, log_message="i is {i}")
    over = stops.step_over(lua)
    rows = {
        "false conditions, per second": f"{false:,.0f}",
        "hit counts, per second": f"{counted:,.0f}",
        "log points, per second": f"{logged:,.0f}",
        "step over 3,000,000 lines, ratio": f"{over['loop']:.2f}",
        "step over fib(24), ratio": f"{over['calls']:.2f}",
        "step to stopped over TCP, ms": f"{stops.step_latency(lua):.2f}",
    }
    found = stops.looking(lua)
    rows[f"stack page at depth {stops.depth_of(lua):,}, ms"] = f"{found['stack page']:.2f}"
    rows["first page of 1,000,000 entries, ms"] = f"{found['first table page']:.2f}"
    rows["the same page again, ms"] = f"{found['table page']:.2f}"
    for name, value in rows.items():
        sys.stdout.write(f"{lua:10} {name:36} {value}\n")
    sys.stdout.flush()


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("lua", nargs="*", default=[*VERSIONS], help="versions; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    names = "overhead peers stops hooks calls lsp kernel state sessions startup"
    parser.add_argument("--only", choices=names.split())
    parser.add_argument("--postgres", metavar="URL", help="a server to measure in the part state")
    chosen = parser.parse_args()
    for part, suite in (("overhead", OURS), ("peers", PEERS)):
        if chosen.only in (None, part):
            overhead.head(suite)
            for lua in chosen.lua:
                overhead.measure(lua, chosen.rounds, suite)
    if chosen.only in (None, "stops"):
        for lua in chosen.lua:
            tell_stops(lua)
    if chosen.only in (None, "hooks"):
        for lua in chosen.lua:
            execute.tell_execute(lua, 20 * chosen.rounds)
    if chosen.only in (None, "calls"):
        for lua in chosen.lua:
            for name, value in host_calls.measure(lua).items():
                sys.stdout.write(f"{lua:10} {name:40} {value}\n")
    if chosen.only in (None, "lsp"):
        for name, took in {**language_server.measure(), **typing.measure()}.items():
            sys.stdout.write(f"10,000 lines  {name:36} {took:8.1f} ms\n")
    if chosen.only in (None, "kernel"):
        from bench import kernel

        for name, row in kernel.rows():
            sys.stdout.write(f"kernel  {name:38} {row}\n")
            sys.stdout.flush()
    if chosen.only in (None, "state"):
        state.tell(postgres=chosen.postgres)
    if chosen.only in (None, "sessions"):
        from bench import sessions

        for lua in chosen.lua:
            for name, row in sessions.rows(lua, 4 * chosen.rounds):
                sys.stdout.write(f"{lua:10} {name:36} {row}\n")
    if chosen.only in (None, "startup"):
        from bench import startup

        for name, row in startup.rows(4 * chosen.rounds):
            sys.stdout.write(f"startup  {name:28} {row}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
