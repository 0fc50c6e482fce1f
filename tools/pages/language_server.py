"""The reference of the language server: its features, rules and settings, from their tables."""

import inspect

from lsp_server.features import FEATURES
from lsp_server.registry import Feature
from lsp_server.rules import RULES
from lsp_server.settings import KNOWN, SECTION
from tools.pages.markdown import mark, table

INTRODUCTION = """
# Language server

`llmspell lsp` speaks the [Language Server Protocol](https://microsoft.github.io/language-server-protocol/) (3.18) on stdin and stdout, `llmspell lsp --listen 127.0.0.1:4712` for any number of clients over TCP.
It knows Lua 5.1 to 5.5 and LuaJIT, and needs nothing but this project; only formatting needs [StyLua](https://github.com/JohnnyMorganz/StyLua).

Positions are counted in UTF-8, UTF-16 or UTF-32, whichever the client names first.
Texts are parsed from the tree of the version before, and only statements that changed are analysed again.
"""

FEATURES_HEAD = """
## What it does

"""

COMPLETION = """
## Completion, signatures, hover

They read what is being typed as it stands, so that they answer in the middle of a statement that makes no sense yet.
Fields are followed along chains: tables that are written out, fields that are assigned, `setmetatable` with `__index`, `self` in methods, results of functions, types in comments (`---@type`, `---@param`, `---@return`, `---@class`), loops over `ipairs` and `pairs`, and `require` of files of the workspace.
The library of the chosen Lua comes with a sentence for each function, and so does the [script API](script-api.md).
Clients that can fill in snippets get whole statements, and postfixes: `list.ipairs` becomes a loop.
While a debug session is stopped, clients that take part in it show [live values](live-values.md).

At most 300 items are sent at once; with more, the client asks again at the next letter.
"""

RULES_HEAD = """
## Diagnostics

Clients that ask for diagnostics (`textDocument/diagnostic`) get them when they ask; to others they are sent when nobody has typed for a moment.

`syntax-error` is what the compiler of the chosen Lua says, and cannot be turned off.
It stands at the token that the message names.
As long as a text cannot be parsed, the rules wait.
Texts at other addresses than `file:` and `untitled:` have no diagnostics and no lenses: cells of notebooks are no programs by themselves, and nobody mends an older version of a file.

| rule | severity | what it finds | also called |
| --- | --- | --- | --- |
"""

COMMENTS = """
Comments turn rules off, as the Lua language server (LuaLS) spells them; without names all rules are meant.
The names in the last column count in comments, too.

```lua
---@diagnostic disable-next-line: unused-local
local kept_for_later = 1
local also = 2 ---@diagnostic disable-line
---@diagnostic disable: undefined-global, shadowing
---@diagnostic enable: shadowing
```

A global is defined where the library of the chosen Lua has it, where a setting names it, or where some file of the workspace assigns it, be it as a field of `_G` or `_ENV`.
Of a file that is open the text in the editor counts, saved or not.
So is a field of the library: what one file adds to `string`, all may use.
Files that give themselves other globals (`setfenv`, `_ENV = …`, `setmetatable(_G, …)`, `_G[name] = …`) are not asked, and what only another Lua has is not told where the file looks if it is there (`table.unpack or unpack`) or which Lua runs (`_VERSION`).
A name that begins with `_` says that it is unused.
"""

SETTINGS_HEAD = f"""
## Settings

In the section `{SECTION}`, through `initializationOptions` or `workspace/didChangeConfiguration`; keys may be nested or written with dots, and sections of other programs are passed over.
Rules may be called by their other names, too.
What is wrong is named in a message, and the rest holds.
With several folders each has its own: clients that can be asked (`workspace/configuration`) are asked for the settings of each, and `engines.lua.version` is that of the folder's configuration.
What lies in no folder goes with the first one.

"""

REST = """
```json
{ "llmspell": { "lua": { "version": "5.1" }, "diagnostics": { "shadowing": "off" } } }
```

## Commands of lenses

The server shows lenses where `codeLens.enable` is `true`, and the client runs them: whoever turns them on gives the editor these commands.
Visual Studio Code's extension has both.

| command | arguments |
| --- | --- |
| `llmspell.run` | the URI of the file |
| `llmspell.debug` | the URI of the file; a second one is a line, counted from 0, to stop on |

## What it does not do

- There are no types: what a function returns is known as far as the text shows it; of annotations only `@type`, `@param`, `@return`, `@class` and `@field` are read, without generics, inheritance and overloads.
- `unknown-member` and `wrong-argument` speak only of what is certain: of variables that get no other value, and of members of the library and the API.
- Only local variables, parameters and labels are renamed; fields and globals may be used where nobody looks.
- References of fields and globals are those of the file.
- A file of more than four million bytes is only compiled and formatted; one of more than half a million is not searched for symbols, nor are more than 20,000 files.
- In a file of 10,000 lines completion is there within 50 ms of processor time; where these are 10,000 statements of one block, it takes a tenth of a second, or a little more, at the letter that begins an assignment, opens or closes a block, or opens a table, and in one table of 10,000 lines at the letters that open or close a function.
- A file that is opened with a statement broken off above thousands of others may take the parser seconds, once; while it is typed, only that statement is not understood.
- Modules are looked for beside the file, in the folders of the workspace, and there in `lua` and `src`; `package.path` is not known before a script runs.
"""


def language_server_page() -> str:
    """The whole page."""
    rules = "".join(
        f"| `{each.name}` | {each.severity} | {each.about} | "
        f"{', '.join(f'`{name}`' for name in each.also)} |\n"
        for each in RULES.values()
    )
    settings = table(
        ["setting", "type", "default", "meaning"],
        [[f"`{key}`", each.kind, each.default, each.meaning] for key, each in KNOWN.items()],
    )
    features = table(["request or notification", "what comes of it"], _features())
    source = "the features, rules and settings of lsp_server"
    parts = [mark(source), INTRODUCTION, FEATURES_HEAD, features, COMPLETION]
    return "".join([*parts, RULES_HEAD, rules, COMMENTS, SETTINGS_HEAD, settings, REST])


def _features() -> list[list[str]]:
    """What each function says of itself in its first paragraph."""
    return [[f"`{method}`", _said(each)] for method, each in sorted(FEATURES.items())]


def _said(feature: Feature) -> str:
    first = (inspect.getdoc(feature.function) or "").split("\n\n")[0]
    return " ".join(first.split()).replace("``", "`")
