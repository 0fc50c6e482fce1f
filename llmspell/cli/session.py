"""``llmspell session``: sessions, in a kernel or without one."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from llmspell.cli.actions import Action, add_actions
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser
from llmspell.cli.reaching import ask
from llmspell.cli.results import Results
from llmspell.cli.session_access import ACCESS_ACTIONS
from llmspell.cli.session_artifacts import ARTIFACT_ACTIONS
from llmspell.cli.session_looks import LOOKING_ACTIONS
from llmspell.cli.session_replay import REPLAY_ACTIONS
from llmspell.cli.session_report import REPORT_ACTIONS
from llmspell.cli.session_schedules import SCHEDULE_ACTIONS
from llmspell.cli.session_verbs import VERB_ACTIONS

ACTIONS: Mapping[str, Action] = {
    **LOOKING_ACTIONS,
    **REPORT_ACTIONS,
    **REPLAY_ACTIONS,
    **SCHEDULE_ACTIONS,
    **VERB_ACTIONS,
    **ACCESS_ACTIONS,
    **ARTIFACT_ACTIONS,
}
"""The words behind ``llmspell session``."""


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell session",
        description="A session is what is kept of work: its cells with their outputs, its "
        "artifacts, what it used. ID is an id, the beginning of one, or a name.",
        examples=(
            "llmspell session list --status active",
            "llmspell session show tuesday  # everything about one",
            "llmspell session replay tuesday --from-step 3",
            "llmspell --kernel lab session suspend 1f3a",
        ),
    )
    add_actions(parser, ACTIONS)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Run one of `ACTIONS`."""
    chosen: argparse.Namespace = make_parser().parse_args(arguments)

    def ask_sessions(
        action: str,
        cancelling: Mapping[str, Any] | None = None,
        **given: Any,  # noqa: ANN401 - of requests
    ) -> Mapping[str, Any]:
        mode, answer = ask(options, "sessions", action, given, cancelling)
        return {"mode": mode, **answer}

    return int(chosen.run(chosen, Results(options.output), ask_sessions))
