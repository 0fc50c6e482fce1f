"""``KEY=VALUE`` on command lines; what is none raises `argparse.ArgumentTypeError`."""

import argparse
import json
from collections.abc import Iterable, Mapping
from typing import Any

Pair = tuple[str, Any]


def pair(text: str) -> Pair:
    """A key and its value: of JSON, anything else is text."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no KEY=VALUE")
    return key, _value(value)


def setting(text: str) -> tuple[str, Pair]:
    """A setting of a policy: its policy, its name and its value."""
    key, value = pair(text)
    policy, dot, name = key.partition(".")
    if not policy or not dot or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is no POLICY.SETTING=VALUE")
    return policy, (name, value)


def gathered(settings: Iterable[tuple[str, Pair]]) -> Mapping[str, dict[str, Any]]:
    """The settings of each policy."""
    found: dict[str, dict[str, Any]] = {}
    for policy, (name, value) in settings:
        found.setdefault(policy, {})[name] = value
    return found


def _value(text: str) -> Any:  # noqa: ANN401 - what JSON can say
    try:
        return json.loads(text)
    except ValueError:
        return text


NOTES = "note something; a value of JSON, anything else is text"


def metadata_option(
    parser: argparse.ArgumentParser, what: str = f"{NOTES}; may be repeated"
) -> None:
    """Notes by key, as ``metadata``: a list of pairs; ``what`` they are for."""
    parser.add_argument(
        "--metadata",
        action="append",
        type=pair,
        default=[],
        metavar="KEY=VALUE",
        help=what,
    )
