"""``llmspell keys``: the keys of providers, which are never shown."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from kernel.core.errors import UserError
from llmspell.cli.actions import Action, add_actions
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser
from llmspell.cli.results import Results, table
from llmspell.keys.lookup import KeyLookup, key_lookup
from llmspell.keys.store import check_key, check_provider


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell keys",
        description="Keys of providers are looked for in the environment (OPENAI_API_KEY …), then "
        "in the system's keyring, then in an encrypted file. They are never shown.",
        examples=(
            "llmspell keys add openai  # asks for the key",
            "pass show openai | llmspell keys add openai -  # from another program",
            "llmspell keys list  # whose keys there are, and where",
        ),
    )
    add_actions(parser, ACTIONS)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Run one of `ACTIONS`."""
    chosen = make_parser().parse_args(arguments)
    return int(chosen.run(chosen, Results(options.output), key_lookup(os.environ, ask_passphrase)))


def ask_passphrase(is_new: bool) -> str | None:
    """A passphrase from the terminal, twice if it is new; None without a terminal.

    Raises `UserError` if the two differ.
    """
    if not _has_terminal():
        return None
    import getpass

    text = getpass.getpass("Passphrase of the file of keys: ", stream=sys.stderr)
    if is_new and getpass.getpass("The same again: ", stream=sys.stderr) != text:
        raise UserError("The two passphrases differ; nothing was kept.")
    return text


def _has_terminal() -> bool:
    return sys.stdin.isatty()


# --- add ------------------------------------------------------------------------------------------


def _provider(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("provider", metavar="PROVIDER", help="whose key: openai, anthropic …")


def _add_options(parser: argparse.ArgumentParser) -> None:
    _provider(parser)
    parser.add_argument(
        "key",
        nargs="?",
        metavar="KEY",
        help="the key, or - for standard input; asked for if missing",
    )
    parser.add_argument(
        "--store",
        choices=("keyring", "file"),
        default="",
        help="where; the keyring if there is one",
    )


def _add(chosen: argparse.Namespace, results: Results, keys: KeyLookup) -> int:
    name = check_provider(chosen.provider)
    secret = check_key(_typed(name, chosen.key))
    where = keys.add(name, secret, chosen.store)
    results.show({"added": name, "kept_in": where}, f"The key of {name} is in the {where} now.")
    return 0


def _typed(provider: str, given: str | None) -> str:
    if given == "-":
        return sys.stdin.read()
    if given is not None:
        sys.stderr.write(
            "llmspell: a key on the command line is seen in the list of processes and in the "
            f"shell's history; `llmspell keys add {provider}` asks for it instead\n"
        )
        return given
    if not _has_terminal():
        raise UserError(
            f"There is no terminal to ask on; `llmspell keys add {provider} -` reads the key from "
            "standard input."
        )
    import getpass

    return getpass.getpass(f"Key of {provider}: ", stream=sys.stderr)


# --- list and remove ------------------------------------------------------------------------------


def _nothing(_parser: argparse.ArgumentParser) -> None:
    """It has no options."""


def _list(_chosen: argparse.Namespace, results: Results, keys: KeyLookup) -> int:
    found = keys.all()
    rows = [(each.provider, each.origin) for each in found]
    results.show(
        {"keys": [{"provider": provider, "origin": origin} for provider, origin in rows]},
        table(("PROVIDER", "WHERE"), rows) if rows else "There are no keys.",
    )
    return 0


def _remove(chosen: argparse.Namespace, results: Results, keys: KeyLookup) -> int:
    name = check_provider(chosen.provider)
    gone = keys.remove(name)
    results.show(
        {"removed": name, "from": list(gone)},
        f"The key of {name} is no longer in the {' and the '.join(gone)}.",
    )
    return 0


ACTIONS: Mapping[str, Action] = {
    "add": Action(
        "Keep a key.",
        _add_options,
        _add,
        ("llmspell keys add openai", "llmspell keys add openai - < key.txt"),
    ),
    "list": Action(
        "Say whose keys there are, and where.", _nothing, _list, ("llmspell keys list",)
    ),
    "remove": Action("Forget a key.", _provider, _remove, ("llmspell keys remove openai",)),
}
"""The words behind ``llmspell keys``."""
