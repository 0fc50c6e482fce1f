"""Texts in which ``¦`` marks the cursor, and what an editor is told there."""

from lsprotocol import types

from tests.support.editor import Editor

MARK = "¦"

SNIPPETS = types.TextDocumentClientCapabilities(
    completion=types.CompletionClientCapabilities(
        completion_item=types.ClientCompletionItemOptions(snippet_support=True)
    )
)
"""What a client says that can fill in snippets."""


def put(editor: Editor, marked: str, name: str = "a.lua") -> dict:
    """Open a file with this text; the parameters of a request at the mark."""
    before, _, after = marked.partition(MARK)
    identifier = editor.open(name, before + after)
    line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    return {"text_document": identifier, "position": types.Position(line, column)}


def items(editor: Editor, marked: str, **context: object) -> list[types.CompletionItem]:
    """What can stand at the mark, as the client sorts it."""
    params = types.CompletionParams(**put(editor, marked), **context)
    found = editor.ask(types.TEXT_DOCUMENT_COMPLETION, params).items
    return sorted(found, key=lambda each: each.sort_text)


def labels(editor: Editor, marked: str) -> list[str]:
    """The same without snippets, as names."""
    return [each.label for each in items(editor, marked) if not _is_snippet(each)]


def item(editor: Editor, marked: str, label: str) -> types.CompletionItem:
    """One of them, with what is said of it."""
    (found,) = [each for each in items(editor, marked) if each.label == label]
    return editor.ask(types.COMPLETION_ITEM_RESOLVE, found)


def said(item: types.CompletionItem) -> str:
    """The documentation of an item."""
    return item.documentation.value if item.documentation else ""


def signature(editor: Editor, marked: str) -> types.SignatureHelp | None:
    """How the call around the mark looks."""
    params = types.SignatureHelpParams(**put(editor, marked))
    return editor.ask(types.TEXT_DOCUMENT_SIGNATURE_HELP, params)


def shown(editor: Editor, marked: str) -> str | None:
    """What a hover at the mark shows."""
    found = editor.ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(**put(editor, marked)))
    return None if found is None else found.contents.value


def _is_snippet(each: types.CompletionItem) -> bool:
    return each.kind is types.CompletionItemKind.Snippet
