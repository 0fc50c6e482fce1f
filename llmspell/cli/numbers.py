"""Numbers and times on command lines; what is none raises `argparse.ArgumentTypeError`."""

import argparse
from datetime import datetime

HIGHEST_PORT = 65_535


def amount(text: str) -> float:
    """Seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def count(text: str) -> int:
    """A number of things."""
    if not _is_number(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no count")
    return int(text)


def at_least_one(text: str) -> int:
    """A number of things that are there."""
    if not _is_number(text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return int(text)


def time(text: str) -> float:
    """A time, in seconds since 1970; without a zone it is the computer's."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write 2026-01-31 or 2026-01-31T12:00"
        ) from None


def port(text: str) -> int:
    """A port of TCP, or 0 for any."""
    if not _is_number(text) or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; they are 0 to {HIGHEST_PORT}")
    return int(text)


def first_of_five(text: str) -> int:
    """A port with four more behind it, or 0 for any."""
    if port(text) > HIGHEST_PORT - 4:
        raise argparse.ArgumentTypeError(f"{text!r} has no four ports behind it")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
