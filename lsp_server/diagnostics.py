"""Diagnoser: everything that is wrong with a document, as the client wants to hear it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from weakref import WeakKeyDictionary

from lsprotocol import types

from lsp_server.compiler import Compiler
from lsp_server.document import Document
from lsp_server.documents import is_huge
from lsp_server.insight import Insight
from lsp_server.library import Library
from lsp_server.rules import RULES
from lsp_server.rules.registry import Context, Finding
from lsp_server.rules.suppressions import suppressions_of
from lsp_server.settings import Settings
from lsp_server.syntax_errors import place_problem

SYNTAX_ERROR = "syntax-error"
"""The code of what the compiler says; it is no rule, for it cannot be turned off."""

CONST_ASSIGN = "const-assign"

_SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}

_log = logging.getLogger(__name__)


class Diagnoser:
    """Asks the compiler and the rules, once per version of a document."""

    def __init__(self, compiler: Compiler, insight: Insight) -> None:
        self._compiler, self._insight = compiler, insight
        self._known: WeakKeyDictionary[Document, list[types.Diagnostic]] = WeakKeyDictionary()

    def forget(self) -> None:
        """Other settings hold, or other files are there; what is being looked for, too, is old."""
        self._known = WeakKeyDictionary()

    def diagnose(
        self, document: Document, settings: Settings, workspace_names: Collection[str] = ()
    ) -> list[types.Diagnostic]:
        """All diagnostics, in the order of the text."""
        for _ in self.diagnosing(document, settings, workspace_names):
            pass
        return self._known[document]

    def diagnosing(
        self, document: Document, settings: Settings, workspace_names: Collection[str] = ()
    ) -> Iterator[None]:
        """The same bit by bit, with pauses in which others can be served."""
        known = self._known
        if not document.is_program:
            known[document] = []
        if document in known:
            return
        context = Context(
            settings,
            Library(self._compiler, document.lua),
            self._insight.inference(document),
            {*workspace_names, *self._insight.catalogue(document).global_names},
        )
        found: list[types.Diagnostic] = []
        problem = self._compiler.check(document.raw, document.lua)
        if problem is None and not is_huge(document):
            document.parse_all()
        if not is_huge(document) and document.can_be_parsed:
            yield from document.analysing()
            if problem is None or not _has_other_letters(document):
                yield from _checking(document, context, found)
        # The rule about constants says it better than the compiler.
        is_told = any(each.code == CONST_ASSIGN for each in found)
        if problem is not None and not (is_told and "const" in problem.message):
            found.append(
                _diagnostic(document, place_problem(document, problem), SYNTAX_ERROR, "error")
            )
        found.sort(key=lambda each: (each.range.start.line, each.range.start.character))
        known[document] = found


def _has_other_letters(document: Document) -> bool:
    """Whether the grammar takes something for a name that only LuaJIT does."""
    is_strange = not (document.lua.startswith("luajit") or document.raw.isascii())
    return is_strange and not all(each.name.isascii() for each in document.analysis.names)


def _checking(
    document: Document, context: Context, found: list[types.Diagnostic]
) -> Iterator[None]:
    """Adds what the rules say to ``found``, a rule a step. One with a bug costs itself only."""
    suppressions = suppressions_of(document)
    for rule in RULES.values():
        severity = context.settings.severities.get(rule.name, rule.severity)
        if severity == "off":
            continue
        yield
        try:
            findings = list(rule.check(document, context))
        except Exception:
            _log.exception("The rule %s failed", rule.name)
            continue
        for each in findings:
            made = _diagnostic(document, each, rule.name, severity)
            if not suppressions.cover(rule, made.range.start.line):
                found.append(made)


def _diagnostic(document: Document, finding: Finding, code: str, severity: str) -> types.Diagnostic:
    tags = []
    if finding.is_unnecessary:
        tags.append(types.DiagnosticTag.Unnecessary)
    if finding.is_deprecated:
        tags.append(types.DiagnosticTag.Deprecated)
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(document.uri, document.range(start, end)), message
        )
        for start, end, message in finding.related
    ]
    return types.Diagnostic(
        range=document.range(finding.start, finding.end),
        message=finding.message,
        severity=_SEVERITY[severity],
        code=code,
        source="llmspell",
        tags=tags or None,
        related_information=related or None,
    )
