"""Editor: a scripted client of the language server, which is pygls' own with waiting put around it.

A test types into files and asks; every answer has a deadline that only fails.
"""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.io_ import run_async
from pygls.lsp.client import LanguageClient
from pygls.uris import from_fs_path

from kernel.core.loop import EventLoop
from kernel.transport.memory import memory_pair
from llmspell.wiring import LuaCatalogues
from lsp_server.serve import Outbox, serve
from lsp_server.server import LuaLanguageServer
from lua_debug.checker import SyntaxChecker
from tests.support.commands import LLMSPELL, Running

DEADLINE = 30.0
T = TypeVar("T")

transport = "memory"
"""How stories reach the server: ``memory``, ``stdio`` or ``tcp``; one for all of a run."""

_CHECKER = SyntaxChecker()


class Editor:
    """One client. Files are named relative to ``folder``; texts live in the editor only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loop = EventLoop()
        self.loop.start()
        self.client = self._now(self._make_client())
        self.messages: list[str] = []
        """What the server has shown the user."""
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.published: dict[str, types.PublishDiagnosticsParams] = {}
        self.history: list[types.PublishDiagnosticsParams] = []
        self.capabilities = types.ServerCapabilities()
        self._news = self._now(self._make_event())
        self._servers = ExitStack()
        self.settings: object = None
        """What the server is told when it asks."""
        self.folder_settings: dict[str, object] = {}
        """The same of single folders, by their addresses."""
        self.client.feature(types.WORKSPACE_CONFIGURATION)(partial(Editor._settings, self))
        self.client.feature(types.WINDOW_SHOW_MESSAGE)(partial(Editor._heard, self))
        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(
            partial(Editor._published, self)
        )

    # --- connecting -----------------------------------------------------------------------------

    def start(self, lua: str = "5.4") -> None:
        """A server, reached as this run has it."""
        match transport:
            case "stdio":
                self.start_stdio("--lua", lua)
            case "tcp":
                words = ["lsp", "--lua", lua, "--listen", "127.0.0.1:0"]
                self.start_tcp(self._servers.enter_context(Running(words, self.folder)).port)
            case _:
                self.start_memory(lua)

    def start_memory(self, lua: str = "5.4") -> None:
        """A server in this process."""
        self._now(self._start_memory(lua))

    def start_stdio(self, *words: str) -> None:
        """A server that this editor starts, as editors do."""
        command = [*LLMSPELL, "lsp", *words]
        self._now(self.client.start_io(command[0], *command[1:]))

    def start_tcp(self, port: int) -> None:
        """A server that runs already."""
        self._now(self.client.start_tcp("127.0.0.1", port))

    def initialize(
        self, settings: Any = None, folders: Sequence[str] = ("",), **capabilities: Any
    ) -> types.InitializeResult:
        """Introduce each to the other; ``folders`` are those of the workspace."""
        opened = [types.WorkspaceFolder(self.uri(each), each) for each in folders]
        params = types.InitializeParams(
            capabilities=types.ClientCapabilities(**capabilities),
            process_id=None,
            root_uri=opened[0].uri,
            workspace_folders=opened,
            initialization_options=settings,
        )
        result = self.ask(types.INITIALIZE, params)
        self.capabilities = result.capabilities
        self.tell(types.INITIALIZED, types.InitializedParams())
        return result

    def close(self) -> None:
        """Say good-bye, unless that was said, and end the loop."""
        self.refusal_of(types.SHUTDOWN, None)
        self.tell(types.EXIT, None)
        if self.client._server is not None:
            self._now(self.client.stop())
        self.loop.stop()
        self._servers.close()

    # --- messages -------------------------------------------------------------------------------

    def ask(self, method: str, params: Any) -> Any:
        """A request; its result."""
        return self._now(self._ask(method, params))

    def begin(self, method: str, params: Any) -> Future[Any]:
        """A request whose answer is waited for later."""

        async def send() -> Future[Any]:
            return self.client.protocol.send_request(method, params)

        return self._now(send())

    def refusal_of(self, method: str, params: Any) -> JsonRpcException | None:
        """Why a request is not answered; None if it is."""
        try:
            self.ask(method, params)
        except JsonRpcException as error:
            return error
        return None

    def ask_raw(self, method: str, params: Any) -> Any:
        """A request as JSON, which may be wrong."""
        return self._now(self._ask_raw(method, params))

    def tell(self, method: str, params: Any) -> None:
        """A notification."""
        self._now(self._tell(method, params))

    def wait_until(self, is_so: Any) -> None:
        """Wait for messages of the server until something is so."""
        self._now(self._wait_until(is_so))

    # --- files ----------------------------------------------------------------------------------

    def uri(self, name: str) -> str:
        """The address of a file."""
        return from_fs_path(str(self.folder / name)) or ""

    def identifier(self, name: str) -> types.TextDocumentIdentifier:
        """A file as requests name it."""
        return types.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str, text: str) -> types.TextDocumentIdentifier:
        """Open a file with this text."""
        self.texts[name], self.versions[name] = text, 1
        item = types.TextDocumentItem(self.uri(name), "lua", 1, text)
        self.tell(types.TEXT_DOCUMENT_DID_OPEN, types.DidOpenTextDocumentParams(item))
        return self.identifier(name)

    def change(self, name: str, new: str, place: types.Range | None = None) -> None:
        """Put ``new`` where ``place`` is, or in place of all."""
        self.versions[name] += 1
        event: types.TextDocumentContentChangeEvent = types.TextDocumentContentChangeWholeDocument(
            new
        )
        if place is not None:
            event = types.TextDocumentContentChangePartial(place, new)
        else:
            self.texts[name] = new
        identifier = types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        self.tell(
            types.TEXT_DOCUMENT_DID_CHANGE, types.DidChangeTextDocumentParams(identifier, [event])
        )

    def at(self, name: str, words: str, nth: int = 1, into: int = 0) -> dict[str, Any]:
        """Where the nth ``words`` begin in a file: the first parameters of most requests.

        Texts with characters beyond the basic plane count other units than this does.
        """
        place = -1
        for _ in range(nth):
            place = self.texts[name].index(words, place + 1)
        before = self.texts[name][: place + into]
        line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
        return {
            "text_document": self.identifier(name),
            "position": types.Position(line, column),
        }

    def diagnostics(self, name: str) -> list[types.Diagnostic]:
        """What was published about the newest version of a file, as soon as it is."""
        uri = self.uri(name)
        version = self.versions[name]
        self.wait_until(lambda: uri in self.published and self.published[uri].version == version)
        return list(self.published[uri].diagnostics)

    # --- on the loop ----------------------------------------------------------------------------

    def _now(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_coroutine(what, DEADLINE)

    async def _make_client(self) -> LanguageClient:
        return LanguageClient("scripted", "1")

    async def _make_event(self) -> asyncio.Event:
        return asyncio.Event()

    async def _start_memory(self, lua: str) -> None:
        ours, theirs = memory_pair()
        server = LuaLanguageServer(_CHECKER, lambda _folder: lua, LuaCatalogues())
        self._serving = asyncio.create_task(serve(server, theirs))
        reader = asyncio.StreamReader()
        self.client.protocol.set_writer(Outbox(ours))  # type: ignore[arg-type]

        async def receive() -> None:
            while data := await ours.receive():
                reader.feed_data(data)
            reader.feed_eof()

        stop = asyncio.Event()
        self._tasks = [
            asyncio.create_task(receive()),
            asyncio.create_task(run_async(stop, reader, self.client.protocol)),  # type: ignore[arg-type]
        ]

    async def _ask(self, method: str, params: Any) -> Any:
        async with asyncio.timeout(DEADLINE):
            return await self.client.protocol.send_request_async(method, params)

    async def _ask_raw(self, method: str, params: Any) -> Any:
        protocol, number = self.client.protocol, f"raw-{method}"
        future: Future[Any] = Future()
        protocol._request_futures[number] = future
        protocol._send_data({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        async with asyncio.timeout(DEADLINE):
            return await asyncio.wrap_future(future)

    async def _tell(self, method: str, params: Any) -> None:
        self.client.protocol.notify(method, params)

    async def _wait_until(self, is_so: Any) -> None:
        async with asyncio.timeout(DEADLINE):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    def _settings(self, params: types.ConfigurationParams) -> list[object]:
        own = self.folder_settings
        return [own.get(each.scope_uri or "", self.settings) for each in params.items]

    def _heard(self, params: types.ShowMessageParams) -> None:
        self.messages.append(params.message)
        self._news.set()

    def _published(self, params: types.PublishDiagnosticsParams) -> None:
        self.published[params.uri] = params
        self.history.append(params)
        self._news.set()


@contextmanager
def editing(
    folder: Path,
    settings: Any = None,
    lua: str = "5.4",
    *,
    in_process: bool = False,
    **capabilities: Any,
) -> Iterator[Editor]:
    """An editor with a server, introduced to each other; ``in_process`` for what patches that."""
    editor = Editor(folder)
    if in_process:
        editor.start_memory(lua)
    else:
        editor.start(lua)
    editor.initialize(settings, **capabilities)
    try:
        yield editor
    finally:
        editor.close()
