"""Insight: what the server knows beyond the text of one document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernel.core.catalogue import Catalogue
from lsp_server.catalogues import Catalogues
from lsp_server.completion.listed import Listed
from lsp_server.cursor.chains import typed_at
from lsp_server.cursor.moments import Moment, Moments
from lsp_server.cursor.place import Cursor
from lsp_server.cursor.tokens import tokens_before
from lsp_server.document import Document
from lsp_server.documents import Documents, is_huge
from lsp_server.inference.catalogued import Catalogued
from lsp_server.inference.inference import Inference
from lsp_server.settings import Settings
from lsp_server.workspace_modules import WorkspaceModules


class Insight:
    """The catalogue that the settings choose, the modules of the workspace, and inference."""

    def __init__(
        self,
        catalogues: Catalogues,
        documents: Documents,
        settings: Callable[[str], Settings],
        folders: Callable[[], Sequence[str]],
    ) -> None:
        self._catalogues, self._settings = catalogues, settings
        self.modules = WorkspaceModules(documents, folders)
        self.moments = Moments()
        self.listed = Listed()
        self._made: dict[tuple[str, bool, bool], Catalogued] = {}

    def catalogue(self, document: Document) -> Catalogue:
        """What a script can call, as far as the settings say so."""
        return self._catalogued(document).catalogue

    def inference(self, document: Document) -> Inference:
        """For questions about one moment of a document."""
        return Inference(self._catalogued(document), self._module)

    def _module(self, name: str, document: Document) -> Document | None:
        found = self.modules.find(name, document)
        return None if found is None or is_huge(found) else found

    def cursor(self, document: Document, offset: int) -> Cursor:
        """What stands before a place."""
        tokens = tokens_before(document, offset)
        return Cursor(document, offset, tokens, typed_at(tokens, offset))

    def moment(self, cursor: Cursor) -> Moment:
        """A document that makes sense at the cursor."""
        return self.moments.at(cursor)

    def _catalogued(self, document: Document) -> Catalogued:
        settings, lua = self._settings(document.uri), document.lua
        key = (lua, settings.has_script_api, settings.has_later_api)
        if key not in self._made:
            catalogue = self._catalogues.standard_library(lua)
            if settings.has_script_api:
                api = self._catalogues.script_api(has_later=settings.has_later_api)
                catalogue = catalogue.joined(api)
            self._made[key] = Catalogued(catalogue)
        return self._made[key]
