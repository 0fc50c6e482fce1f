"""Write the files that are made from code or tables: ``python -m tools.generate_docs``.

Each is a function that returns a text; a test compares what they return with what is checked in,
so that no page can grow old.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from tools.pages.commands import commands_page
from tools.pages.comparison import comparison_page
from tools.pages.configuration import configuration_page
from tools.pages.events import events_page
from tools.pages.extension import extension_manifest
from tools.pages.hooks import hooks_page
from tools.pages.language_server import language_server_page
from tools.pages.launch import launch_page
from tools.pages.man import man_page
from tools.pages.outputs import outputs_page
from tools.pages.repl import repl_page
from tools.pages.requests import requests_page
from tools.pages.script_api import library_pages, script_api_page
from tools.pages.service import service_page

ROOT = Path(__file__).resolve().parents[1]

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/comparison.md": comparison_page,
    "docs/man/llmspell.1": man_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/command-outputs.md": outputs_page,
    "docs/reference/events.md": events_page,
    "docs/reference/hooks.md": hooks_page,
    "docs/reference/configuration.md": configuration_page,
    "docs/reference/language-server.md": language_server_page,
    "docs/reference/launch.md": launch_page,
    "docs/reference/repl.md": repl_page,
    "docs/reference/requests.md": requests_page,
    "docs/reference/script-api.md": script_api_page,
    "docs/reference/service.md": service_page,
    **library_pages(),
    "vscode-extension/package.json": extension_manifest,
}


def main() -> None:
    """Write every page anew and say which ones changed."""
    for path, page in PAGES.items():
        target, text = ROOT / path, page()
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
