"""``llmspell state``: what is kept, in a kernel or without one."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from llmspell.cli.actions import Action, add_actions
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.numbers import at_least_one
from llmspell.cli.parsing import CliParser
from llmspell.cli.progress import progress
from llmspell.cli.reaching import ask
from llmspell.cli.results import Results, table, written

FORMATS = ("json", "yaml", "toml")

Ask = Callable[..., Mapping[str, Any]]

WIDEST = 60
"""Characters of a value in a table."""


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell state",
        description="State is what scripts, sessions and the kernel keep: of the kernel that was "
        "named or runs, or else what kernels of this user find when they start.",
        examples=(
            "llmspell state show  # everything",
            "llmspell state show visits --scope user:ann  # one value",
            "llmspell state export state.json  # for import, here or elsewhere",
            "llmspell state --kernel lab clear --scope session:1f3a",
            "llmspell state migrate  # bring what is kept into the form of today",
        ),
    )
    add_actions(parser, ACTIONS)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Run one of `ACTIONS`."""
    chosen = make_parser().parse_args(arguments)

    def ask_state(action: str, **given: Any) -> Mapping[str, Any]:  # noqa: ANN401 - of requests
        mode, answer = ask(options, "state", action, given)
        return {"mode": mode, **answer}

    return int(chosen.run(chosen, Results(options.output), ask_state))


def _scope_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scope", metavar="SCOPE", help="only this one: global, user:ID, session:ID, custom:…"
    )


def _secrets_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--secrets", action="store_true", default=None, help="with passwords, keys and the like"
    )


# --- show -----------------------------------------------------------------------------------------


def _show_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="KEY", help="only this one")
    _scope_option(parser)
    parser.add_argument("--prefix", metavar="TEXT", help="only keys that begin with it")
    parser.add_argument("--limit", type=at_least_one, metavar="N", help="at most N")
    _secrets_option(parser)


def _show(chosen: argparse.Namespace, results: Results, ask_state: Ask) -> int:
    answer = ask_state(
        "show",
        key=chosen.key,
        scope=chosen.scope,
        prefix=chosen.prefix,
        limit=chosen.limit,
        secrets=chosen.secrets,
    )
    entries = answer["entries"]
    if chosen.key and len(entries) == 1:
        lines = [written(_value(entries[0]), "pretty").removesuffix("\n")]
    else:
        lines = _table(entries) if entries else ["Nothing is kept."]
        lines += [] if answer["is_complete"] else [f"… and more; --limit was {chosen.limit}."]
    results.show(answer, lines)
    return 0


def _table(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for each in entries:
        text = written(_value(each), "json").removesuffix("\n")
        shown = text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
        rows.append((each["scope"], each["key"], each["version"], shown))
    return table(("SCOPE", "KEY", "VERSION", "VALUE"), rows)


def _value(entry: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what JSON can say
    return f"base64:{entry['base64']}" if "base64" in entry else entry["value"]


# --- clear ----------------------------------------------------------------------------------------


def _clear_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="KEY", help="only this one")
    _scope_option(parser)
    parser.add_argument("--prefix", metavar="TEXT", help="only keys that begin with it")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask before all of it goes")


def _clear(chosen: argparse.Namespace, results: Results, ask_state: Ask) -> int:
    is_all = not (chosen.key or chosen.scope or chosen.prefix)
    if is_all and not chosen.yes and not confirmed("Forget everything that is kept?"):
        raise unconfirmed("cleared", "--yes clears everything, --scope only a part of it")
    answer = ask_state("clear", key=chosen.key, scope=chosen.scope, prefix=chosen.prefix)
    results.show(answer, f"Cleared {counted(answer['cleared'], 'entry', 'entries')}.")
    return 0


def confirmed(question: str) -> bool:
    """Ask on the terminal, with "no" for an answer where there is none."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def unconfirmed(what: str, way_out: str) -> UserError:
    """What is said where it was not confirmed; who has answered needs no way out."""
    return UserError(f"Nothing was {what}" + ("." if sys.stdin.isatty() else f"; {way_out}."))


def counted(count: int, one: str, many: str) -> str:
    """A number with its word."""
    return f"{count} {one if count == 1 else many}"


# --- export and import ----------------------------------------------------------------------------


def _export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="where to, or - for standard output")
    _format_option(parser)
    _scope_option(parser)
    _secrets_option(parser)


def _format_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, help="as the file's name ends, or json")


def _export(chosen: argparse.Namespace, results: Results, ask_state: Ask) -> int:
    from llmspell.config.editing import write_atomically

    form = _form(chosen)
    folder = Path(chosen.file).resolve().parent
    if chosen.file != "-" and not folder.is_dir():
        raise UserError(f"{chosen.file} cannot be written: there is no folder {folder}.")
    with progress("Exporting"):
        answer = ask_state("export", format=form, scope=chosen.scope, secrets=chosen.secrets)
    if chosen.file == "-":
        sys.stdout.write(answer["text"])
        return 0
    write_atomically(Path(chosen.file), answer["text"], 0o600)
    size = len(answer["text"].encode())
    results.show(
        {"mode": answer["mode"], "file": chosen.file, "format": form, "bytes": size},
        f"Exported to {chosen.file} ({size} bytes).",
    )
    return 0


def _import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what export wrote, or - for standard input")
    _format_option(parser)
    parser.add_argument(
        "--merge", action="store_true", help="keep what else is in the scopes of the file"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, do nothing")


def _import(chosen: argparse.Namespace, results: Results, ask_state: Ask) -> int:
    with progress("Importing"):
        answer = ask_state(
            "import",
            text=_read(chosen.file),
            format=_form(chosen),
            merge=chosen.merge,
            dry_run=chosen.dry_run,
            file=None if chosen.file == "-" else chosen.file,
        )
    results.show({**answer, "dry_run": chosen.dry_run}, lambda: _imported(answer, chosen.dry_run))
    return 0


def _imported(answer: Mapping[str, Any], is_dry_run: bool) -> list[str]:
    what = "Would import" if is_dry_run else "Imported"
    lines = [f"{what} {counted(answer['imported'], 'entry', 'entries')}."]
    for name in ("created", "changed", "same", "redacted", "expired", "deleted"):
        if answer[name]:
            places = ", ".join(answer[name][:5]) + (", …" if len(answer[name]) > 5 else "")
            lines.append(f"  {name.ljust(9)} {len(answer[name])}: {places}")
    return lines


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise UserError(f"{name} is no text in UTF-8.") from None


def _form(chosen: argparse.Namespace) -> str:
    ending = Path(chosen.file).suffix.lower()
    form = {"": "json", ".yml": "yaml"}.get(ending, ending.lstrip("."))
    if chosen.format is None and form not in FORMATS:
        raise UserError(
            f"{chosen.file}: the ending {ending} is of no format; say one with --format: "
            f"{', '.join(FORMATS)}."
        )
    return str(chosen.format or form)


# --- schemas --------------------------------------------------------------------------------------


def _schemas(_chosen: argparse.Namespace, results: Results, ask_state: Ask) -> int:
    answer = ask_state("schemas")
    rows = [
        (each["schema"], each["current"], each["latest"], ", ".join(each["pending"]) or "-")
        for each in answer["schemas"]
    ]
    head = ("SCHEMA", "VERSION", "LATEST", "STEPS LEFT")
    results.show(answer, table(head, rows) if rows else [NO_SCHEMAS])
    return 0


NO_SCHEMAS = "No schema is known; runtime.state_persistence.schema_directory names their folder."


def _migrate_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("schema", nargs="?", metavar="SCHEMA", help="which, if there are several")
    parser.add_argument(
        "--to", type=at_least_one, metavar="N", help="up to version N, not the last"
    )


def _migrate(chosen: argparse.Namespace, results: Results, ask_state: Ask) -> int:
    with progress("Migrating"):
        answer = ask_state("migrate", name=chosen.schema, version=chosen.to)
    schema, done = answer["schema"], answer["done"]
    if not done:
        lines = [f"{schema['schema']} has version {schema['current']} already."]
    else:
        lines = [f"{schema['schema']}: version {answer['from']} became {schema['current']}."]
        lines += [f"  {step}" for step in done]
    results.show(answer, lines)
    return 0


ACTIONS: Mapping[str, Action] = {
    "show": Action(
        "Show values.",
        _show_options,
        _show,
        ("llmspell state show", "llmspell state show --scope custom:game --prefix level"),
    ),
    "clear": Action(
        "Forget values.",
        _clear_options,
        _clear,
        ("llmspell state clear visits --scope user:ann", "llmspell state clear --yes"),
    ),
    "export": Action(
        "Write values to a file, without secrets.",
        _export_options,
        _export,
        ("llmspell state export state.yaml", "llmspell state export - --scope global"),
    ),
    "import": Action(
        "Put values from a file; without --merge what else is in its scopes goes.",
        _import_options,
        _import,
        ("llmspell state import state.json --merge", "llmspell state import a.toml --dry-run"),
    ),
    "schemas": Action(
        "Say which forms of values there are, and how far what is kept has been brought.",
        lambda _parser: None,
        _schemas,
        ("llmspell state schemas", "llmspell state schemas --output json"),
    ),
    "migrate": Action(
        "Bring values into the form of a later version, all of them or none.",
        _migrate_options,
        _migrate,
        ("llmspell state migrate", "llmspell state migrate users --to 2"),
    ),
}
"""The words behind ``llmspell state``."""
