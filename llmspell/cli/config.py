"""``llmspell config``: write, check, show and change the configuration."""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from llmspell.cli.actions import Action, add_actions
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser
from llmspell.cli.results import Results, written

if TYPE_CHECKING:
    from llmspell.config.findings import Finding
    from llmspell.config.load import Checked
    from llmspell.config.origins import Setting

FILE = Path("llmspell.toml")
"""What is written where nothing was said."""


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell config",
        description="The configuration is a TOML file with variables of the environment above it.",
        examples=(
            "llmspell config init  # write llmspell.toml, with every key explained",
            "llmspell config set runtime.script_timeout_seconds 60",
            "llmspell config validate  # what is wrong with it, by lines",
            "llmspell config show runtime  # what is in force, and where each value is from",
        ),
    )
    add_actions(parser, ACTIONS)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Run one of `ACTIONS`."""
    chosen = make_parser().parse_args(arguments)
    form = getattr(chosen, "format", None) or options.output
    return int(chosen.run(chosen, Results("text" if form == "toml" else form)))


# --- init -----------------------------------------------------------------------------------------


def _init_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--file", type=Path, default=FILE, metavar="FILE", help=f"where ({FILE})"
    )
    parser.add_argument("-f", "--force", action="store_true", help="over a file that is there")


def _init(chosen: argparse.Namespace, results: Results) -> int:
    from llmspell.config.editing import write_template

    write_template(chosen.file, overwrites=chosen.force)
    lines = [
        f"✓ Created configuration file: {chosen.file}",
        "",
        "Next:",
        "  llmspell config set engines.lua.version 5.4  # or edit it",
        "  llmspell config validate                     # what is wrong with it",
        "  llmspell keys add openai                     # keys do not belong in it",
    ]
    results.show({"created": str(chosen.file)}, lines)
    return 0


# --- validate -------------------------------------------------------------------------------------


def _validate_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f", "--file", type=Path, metavar="FILE", help="this one instead of the one in force"
    )


def _validate(chosen: argparse.Namespace, results: Results) -> int:
    from llmspell.config.findings import Finding
    from llmspell.config.load import check_configuration
    from llmspell.config.toml_file import Unreadable

    path = chosen.file or _found()
    errors: Sequence[Finding]
    warnings: Sequence[Finding] = ()
    notices: Sequence[Finding] = ()
    try:
        checked = check_configuration(path)
        errors = [*checked.errors, *_refusals(checked)]
        warnings = [*checked.warnings, *_advice(checked)]
        notices = checked.notices
    except Unreadable as error:
        errors = [Finding("", error.what, error.line)]
    document = {
        "file": None if path is None else str(path),
        "valid": not errors,
        "errors": [_document(each) for each in errors],
        "warnings": [_document(each) for each in warnings],
        "notices": [_document(each) for each in notices],
    }
    lines = ["Configuration validation:", f"  File: {path or 'none; what holds without one'}"]
    lines.append(f"  Status: {'✗ Invalid' if errors else '✓ Valid'}")
    for name, findings in (("Errors", errors), ("Warnings", warnings), ("Notices", notices)):
        if findings:
            lines += [f"{name}:", *(f"  - {each.text(path)}" for each in findings)]
    results.show(document, lines)
    return 1 if errors else 0


def _refusals(checked: "Checked") -> Iterator["Finding"]:
    """Hooks, policies and stores that there are not, and settings that they have not."""
    from kernel.sessions.policies.registry import PolicyRegistry
    from llmspell.configured_hooks import make_registry
    from llmspell.configured_stores import check_stores
    from llmspell.session_policies import session_policy

    chosen = checked.configuration
    if chosen is None:
        return
    attempts: Mapping[str, Callable[[], object]] = {
        "hooks.use": lambda: make_registry(chosen.hooks, lambda _: None),
        "runtime.sessions.policies": lambda: session_policy(
            chosen.runtime.sessions, PolicyRegistry()
        ),
    }
    for key, attempt in attempts.items():
        try:
            attempt()
        except UserError as error:
            yield _refusal(checked, key, error)
    for key, problem in check_stores(chosen):
        yield _refusal(checked, key, problem)


def _refusal(checked: "Checked", key: str, problem: object) -> "Finding":
    from llmspell.config.findings import Finding

    place = tuple(key.split("."))
    variable = checked.told.variables.get(place)
    line = None if variable else checked.told.lines.get(place)
    return Finding(key, f"{key}: {str(problem).rstrip('.')}", line, variable)


def _advice(checked: "Checked") -> Iterator["Finding"]:
    """What is no mistake, and probably not meant."""
    from llmspell.config.findings import Finding

    if checked.configuration is None or checked.told.path is None:
        return
    providers = checked.configuration.providers
    for name, each in providers.providers.items():
        if each.api_key:
            key = ("providers", "providers", name, "api_key")
            message = f"The key of {name} stands in the file; `llmspell keys add {name}` hides it"
            yield Finding(".".join(key), message, checked.told.lines.get(key))


def _document(finding: "Finding") -> dict[str, object]:
    return {
        "key": finding.key,
        "message": finding.message,
        "line": finding.line,
        "variable": finding.variable,
    }


# --- show -----------------------------------------------------------------------------------------


def _show_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "section", nargs="?", default="", metavar="SECTION", help="only this one, or this key"
    )
    parser.add_argument(
        "--format", choices=("toml", "json", "yaml"), help="the same as --output; toml is text"
    )
    parser.add_argument("--changed", action="store_true", help="only what is not as without a file")


def _show(chosen: argparse.Namespace, results: Results) -> int:
    from llmspell.config.load import check_configuration
    from llmspell.config.origins import DEFAULT, settings_of

    path = _found()
    checked = check_configuration(path)
    if checked.configuration is None:
        raise UserError(
            f"{checked.errors[0].text(path)} `llmspell config validate` says everything."
        )
    found = settings_of(checked, chosen.section)
    if chosen.changed:
        found = [each for each in found if each.origin != DEFAULT]
    results.show(
        {
            "file": None if path is None else str(path),
            "settings": [
                {"key": each.key, "value": each.value, "origin": each.origin} for each in found
            ],
        },
        list(_as_toml(found)),
    )
    return 0


def _as_toml(settings: Sequence["Setting"]) -> Iterator[str]:
    """Lines of TOML, with what each value comes from as a comment."""
    section = ""
    said = [(each, _assignment(each)) for each in settings]
    width = min(max((len(text) for _, text in said), default=0), 48)
    tables = {each.section: None for each in settings}
    for table in tables:
        if table != section:
            yield f"[{table}]" if not section else f"\n[{table}]"
            section = table
        for each, text in said:
            if each.section == table:
                yield f"{text.ljust(width)}  # {each.origin}"


def _assignment(setting: "Setting") -> str:
    name = setting.key.rpartition(".")[2]
    if setting.value is None:
        return f"# {name} is not set"
    return f"{name} = {written(setting.value, 'json').strip()}"


# --- set ------------------------------------------------------------------------------------------


def _set_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="as config show has it, with its section")
    parser.add_argument("value", metavar="VALUE", help="a value of TOML; anything else is text")
    parser.add_argument(
        "-o", "--file", type=Path, metavar="FILE", help=f"the one in force, or {FILE}"
    )
    parser.add_argument("-f", "--force", action="store_true", help="also a key that nobody knows")


def _set(chosen: argparse.Namespace, results: Results) -> int:
    from kernel.state.redaction import Redactor
    from llmspell.config.editing import set_value
    from llmspell.config.load import check_configuration

    path = chosen.file or _found() or FILE
    value = set_value(path, chosen.key, chosen.value, also_unknown=chosen.force)
    shown = Redactor().value(value, chosen.key.rpartition(".")[2])
    notices = [each for each in check_configuration(path, {}).notices if _is_of(chosen.key, each)]
    results.show(
        {
            "file": str(path),
            "key": chosen.key,
            "value": shown,
            "notices": [each.message for each in notices],
        },
        [
            f"{path}: {chosen.key} = {written(shown, 'json').strip()}",
            *(f"  {each.message}." for each in notices),
        ],
    )
    return 0


def _is_of(key: str, finding: "Finding") -> bool:
    """Whether a finding is about a key, or about the section it is in."""
    return f"{key}.".startswith(f"{finding.key}.")


def _found() -> Path | None:
    from llmspell.config.places import find_file

    return find_file(os.environ, Path())


ACTIONS: Mapping[str, Action] = {
    "init": Action(
        "Write a configuration with every key explained.",
        _init_options,
        _init,
        ("llmspell config init", "llmspell config init -o ~/.config/llmspell.toml"),
    ),
    "validate": Action(
        "Say what is wrong with the configuration; exit status 1 if something is.",
        _validate_options,
        _validate,
        ("llmspell config validate", "llmspell config validate --file other.toml --output json"),
    ),
    "show": Action(
        "Show what is in force, and where each value comes from.",
        _show_options,
        _show,
        (
            "llmspell config show --changed  # what is not as without a file",
            "llmspell config show runtime.security",
            "llmspell config show engines.lua.version",
        ),
    ),
    "set": Action(
        "Change one value in the file, keeping its comments.",
        _set_options,
        _set,
        (
            "llmspell config set debug.level debug",
            "llmspell config set tools.allowed_paths '[\"/data\"]'",
        ),
    ),
}
"""The words behind ``llmspell config``."""
