"""Launch and attach arguments: what they become, and what is said about wrong ones."""

from pathlib import Path
from typing import Any

import pytest

from dap_server.launch import (
    AttachConfiguration,
    LaunchConfiguration,
    read_attach,
    read_launch,
)
from dap_server.launch_errors import BadConfiguration
from kernel.core.model import Program
from kernel.core.settings import DebugSettings, DisplayLimits, PathMapping


def test_everything(tmp_path: Path) -> None:
    """Every argument has its place."""
    request = read_launch(
        {
            "program": "a.lua",
            "args": ["x", "y z"],
            "cwd": str(tmp_path),
            "env": {"A": "1", "B": None},
            "lua": "luajit2.1",
            "luaPath": "./?.lua;./?/init.lua",
            "luaCPath": ["./?.so"],
            "stopOnEntry": True,
            "noDebug": True,
            "console": "integratedTerminal",
            "pathMappings": [{"local": "/l", "remote": "/r"}],
            "sourceMaps": {"@gen/*": "/src/*"},
            "skipFiles": ["**/lib/*"],
            "justMyCode": True,
            "exceptionDefaults": [],
            "maxMemoryMB": 64,
            "display": {"maxString": 10, "maxChildren": 20, "maxPreview": 3},
        }
    )
    program = Program(str(tmp_path / "a.lua"), ("x", "y z"), stop_on_entry=True, debug=False)
    settings = DebugSettings(
        lua="luajit2.1",
        lua_path=("./?.lua", "./?/init.lua"),
        lua_cpath=("./?.so",),
        env={"A": "1", "B": None},
        cwd=str(tmp_path),
        max_memory_mb=64,
        skip_files=("**/lib/*",),
        just_my_code=True,
        path_mappings=(PathMapping("/l", "/r"),),
        source_globs=(("@gen/*", "/src/*"),),
        display=DisplayLimits(10, 20, 3),
    )
    assert (program, settings) == (request.program, request.settings)
    assert ("integratedTerminal", ()) == (request.console, request.exception_defaults)
    assert () == request.warnings


def test_defaults() -> None:
    """Only the program is needed; null is the same as nothing."""
    request = read_launch({"program": "/p/a.lua", "args": None, "cwd": None, "lua": None})
    assert (Program("/p/a.lua"), DebugSettings()) == (request.program, request.settings)
    assert ("internalConsole", None) == (request.console, request.exception_defaults)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"program": None}, "The launch configuration needs 'program': the Lua file to run."),
        ({"program": ""}, 'program is ""; it must be a text that is not empty.'),
        ({"args": "x"}, 'args is "x"; it must be a list.'),
        ({"args": [1]}, "args[0] is 1; it must be a string."),
        ({"env": {"A": 1}}, "env.A is 1; it must be a string."),
        ({"env": []}, "env is []; it must be an object."),
        ({"cwd": "/no/such"}, 'cwd is "/no/such"; it must be a folder that exists.'),
        (
            {"lua": "5.6"},
            'lua is "5.6"; it must be one of "5.1", "5.2", "5.3", "5.4", "5.5", "luajit", '
            '"luajit2.0", "luajit2.1".',
        ),
        ({"lua": 5.4}, 'lua is 5.4; it must be one of "5.1"'),
        ({"luaPath": 3}, "luaPath is 3; it must be a list or a text with semicolons."),
        ({"luaCPath": [3]}, "luaCPath[0] is 3; it must be a string."),
        ({"stopOnEntry": "yes"}, 'stopOnEntry is "yes"; it must be true or false.'),
        ({"noDebug": 1}, "noDebug is 1; it must be true or false."),
        ({"console": "none"}, 'console is "none"; it must be one of "internalConsole"'),
        ({"pathMappings": [{"local": "x"}]}, "needs 'pathMappings[0].remote'."),
        ({"pathMappings": {}}, "pathMappings is {}; it must be a list."),
        ({"sourceMaps": []}, "sourceMaps is []; it must be true, false or an object of strings."),
        ({"sourceMaps": {"a/*": 7}}, "it must be true, false or an object of strings."),
        ({"sourceMaps": {"a": "b/*"}}, "an object in which 'b/*' has no * that 'a' has not."),
        ({"maxMemoryMB": 0}, "maxMemoryMB is 0; it must be at least 1."),
        ({"maxMemoryMB": "1G"}, 'maxMemoryMB is "1G"; it must be a whole number.'),
        ({"display": {"maxString": 0}}, "display.maxString is 0; it must be at least 1."),
        ({"maxMemoryMB": 10**14}, "maxMemoryMB is 100000000000000; it must be at most 2147483647."),
        ({"display": {"maxString": 10**30}}, "it must be at most 2147483647."),
        ({"program": "a\0b"}, r'program is "a\u0000b"; it must be a text without NUL.'),
        ({"program": "\ud800"}, r'program is "\ud800"; it must be a text of whole characters.'),
        ({"args": ["a\0b"]}, r'args[0] is "a\u0000b"; it must be a text without NUL.'),
        ({"cwd": "a\0b"}, r'cwd is "a\u0000b"; it must be a text without NUL.'),
        ({"env": {"A": "x\0y"}}, r'env.A is "x\u0000y"; it must be a text without NUL.'),
        ({"env": {"A=B": "1"}}, 'env has the key "A=B"; it must be a name that is not empty and'),
        ({"env": {"": None}}, 'env has the key ""; it must be a name that is not empty and has no'),
        ({"env": {"A\0": None}}, r'env has the key "A\u0000"; it must be a text without NUL.'),
        ({"luaPath": "a\0b"}, r'luaPath[0] is "a\u0000b"; it must be a text without NUL.'),
        ({"skipFiles": ["x", ""]}, 'skipFiles[1] is ""; it must be a glob that is not empty.'),
        ({"skipFiles": ["!"]}, 'skipFiles[0] is "!"; it must be a glob that is not empty.'),
        ({"skipFiles": ["["]}, 'skipFiles[0] is "["; it must be a glob in which every [ is closed'),
        ({"skipFiles": ["a[]"]}, "it must be a glob in which every [ is closed"),
        ({"sourceMaps": {"a\0": "b"}}, "it must be an object of texts without NUL"),
        ({"pathMappings": [{"local": "\0", "remote": "x"}]}, "pathMappings[0].local is"),
        ({"exceptionDefaults": "all"}, 'exceptionDefaults is "all"; it must be a list.'),
    ],
)
def test_wrong_values_are_named(wrong: dict[str, Any], said: str) -> None:
    """The key, the value, and what would be right."""
    with pytest.raises(BadConfiguration) as refused:
        read_launch({"program": "a.lua", **wrong})
    assert said in str(refused.value)


@pytest.mark.parametrize("glob", ["a[[]b", "[!]]x", "[]]", "a]", "!lib/[ab]*"])
def test_globs_with_sets_of_characters(glob: str) -> None:
    """What `fnmatch` understands passes."""
    assert (glob,) == read_launch({"program": "a.lua", "skipFiles": [glob]}).settings.skip_files


def test_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Program and folder are absolute: the process may be elsewhere when they are used."""
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    request = read_launch({"program": "a.lua", "cwd": "sub"})
    folder = str(tmp_path / "sub")
    assert (f"{folder}/a.lua", folder) == (request.program.path, request.settings.cwd)


def test_several_wrong_values_are_all_named() -> None:
    """One look is enough to mend them all."""
    with pytest.raises(BadConfiguration) as refused:
        read_launch({"args": 1, "console": 2})
    assert 3 == str(refused.value).count(".") - str(refused.value).count("5.")


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"stoponentry": True}, ("'stoponentry', which is ignored. Did you mean 'stopOnEntry'?",)),
        ({"luapath": []}, ("'luapath', which is ignored. Did you mean 'luaPath'?",)),
        ({"xyzzy": 1}, ("'xyzzy', which is ignored.",)),
        ({"display": {"maxStrings": 1}}, ("Did you mean 'display.maxString'?",)),
        ({"type": "llmspell", "request": "launch", "name": "x", "__sessionId": 1}, ()),
        ({"command": "launch"}, ()),
    ],
)
def test_unknown_keys(given: dict[str, Any], advice: tuple[str, ...]) -> None:
    """Editors' own keys pass; others make a warning with the nearest that exists."""
    warnings = read_launch({"program": "a.lua", **given}).warnings
    assert len(advice) == len(warnings)
    assert all(end in warning for end, warning in zip(advice, warnings, strict=True))


def test_attach() -> None:
    """Where the program waits, and how it is looked at."""
    request = read_attach({"port": 4711, "skipFiles": ["x"]})
    assert ("127.0.0.1", 4711, ("x",)) == (request.host, request.port, request.settings.skip_files)
    assert read_attach({}).port is None
    with pytest.raises(BadConfiguration, match="port is 70000; it must be at most 65535"):
        read_attach({"port": 70000})
    with pytest.raises(BadConfiguration, match=r"host is .*; it must be a text without NUL"):
        read_attach({"host": "a\0", "port": 1})
    assert "unknown key 'program'" in read_attach({"program": "x"}).warnings[0]


@pytest.mark.parametrize(
    ("sent", "host", "port"),
    [
        ({"connect": {"host": "there", "port": 5}}, "there", 5),
        ({"connect": {"port": 5}}, "127.0.0.1", 5),
        ({"connect": {"port": 5}, "port": 5}, "127.0.0.1", 5),
        ({"connect": None, "port": 6}, "127.0.0.1", 6),
    ],
)
def test_attach_with_an_address(sent: dict[str, Any], host: str, port: int) -> None:
    """``connect``, as other adapters have it, is host and port in one."""
    request = read_attach(sent)
    assert (host, port, ()) == (request.host, request.port, request.warnings)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"connect": {"host": "x"}}, "The attach configuration needs 'connect.port'."),
        ({"connect": 5678}, "connect is 5678; it must be an object."),
        ({"connect": {"port": 0}}, "connect.port is 0; it must be at least 1."),
        ({"connect": {"port": 5}, "port": 6}, "port is 6, and connect.port is 5; one of them is"),
        (
            {"connect": {"port": 5}, "host": "x"},
            'host is "x", and connect.host is "127.0.0.1"; one of them is enough.',
        ),
    ],
)
def test_addresses_that_are_wrong(sent: dict[str, Any], said: str) -> None:
    """Each place is named, and two addresses are one too many."""
    with pytest.raises(BadConfiguration) as refused:
        read_attach(sent)
    assert said in str(refused.value)


@pytest.mark.parametrize("model", [LaunchConfiguration, AttachConfiguration])
def test_every_argument_is_described(model: type[LaunchConfiguration]) -> None:
    """The reference page is written from these."""
    schema = model.model_json_schema(by_alias=True)
    assert [] == [key for key, it in schema["properties"].items() if not it.get("description")]
