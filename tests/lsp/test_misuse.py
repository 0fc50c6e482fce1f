"""Misuse of the library and the script API: members that are not there, arguments refused."""

import pytest

from tests.support.editor import editing


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """One editor for all stories."""
    with editing(tmp_path_factory.mktemp("workspace"), {"scriptApi": {"later": True}}) as made:
        yield made


SCOPES = (
    "'global', 'user:…', 'session', 'session:…', 'agent', 'agent:…', 'tool', 'tool:…', "
    "'workflow', 'workflow:…', 'hook', 'hook:…', 'custom' or 'custom:…'"
)


def told(editor, text, *rules):
    """What the rules say about a text: the words that are underlined, and the message."""
    name = f"{len(editor.texts)}.lua"  # so that nothing told about another text is taken for it
    editor.open(name, text)
    return [
        (_words(text, each.range), each.message)
        for each in editor.diagnostics(name)
        if each.code in (rules or ("unknown-member", "wrong-argument"))
    ]


def _words(text, place):
    line = text.split("\n")[place.start.line]
    return line[place.start.character : place.end.character]


@pytest.mark.parametrize(
    ("text", "word", "message"),
    [
        ("Agent.creat()", "creat", "Agent has no member 'creat'. Did you mean 'create'?"),
        (
            "local b = Agent.builder()\nb:nme('x')",
            "nme",
            "AgentBuilder has no member 'nme'. Did you mean 'name'?",
        ),
        ("('x'):fromat(1)", "fromat", "string has no member 'fromat'. Did you mean 'format'?"),
        (
            "local f = io.open('x')\nf:raed()",
            "raed",
            "file has no member 'raed'. Did you mean 'read'?",
        ),
        (
            "print(Tool.list()[1].nam)",
            "nam",
            "ToolSummary has no member 'nam'. Did you mean 'name'?",
        ),
    ],
)
def test_unknown_members(editor, text, word, message):
    """A slip is named, with what may have been meant."""
    assert [(word, message)] == told(editor, text, "unknown-member")


@pytest.mark.parametrize(
    ("text", "word", "message"),
    [
        ("string.rep('x')", "string.rep", "string.rep needs at least 2 arguments; 1 is given."),
        ("string.rep('x', 1, 2, 3)", "3", "string.rep takes 3 arguments; 4 are given."),
        ("setmetatable({})", "setmetatable", "setmetatable needs 2 arguments; 1 is given."),
        (
            "local x = ('x'):rep()",
            "('x'):rep",
            "('x'):rep needs at least 1 argument; none is given.",
        ),
        ("local x = ('x'):upper(1)", "1", "('x'):upper takes no arguments; 1 is given."),
        ("local x = math.floor('x')", "'x'", "'x' must be a number, not a string."),
        ("ipairs(nil)", "nil", "'t' must be a table, not nil."),
        ("Tool.discover('x')", "'x'", "'filter' must be a ToolFilter, not a string."),
        ("Hook.register('x', 1)", "1", "'callback' must be a function, not a number."),
        (
            "Tool.discover{ categry = 'x' }",
            "categry",
            "ToolFilter has no key 'categry'. Did you mean 'category'?",
        ),
        (
            "Workflow.builder():add_step{ name = 'x', type = 1 == 1, tool = {} }",
            "{}",
            "'tool' must be a string, not a table.",
        ),
        ("Workflow.builder():add_step{ name = 'x' }", "{", "WorkflowStep needs 'type'."),
        (
            "State.save('global', 'k', 1, { tll = 3 })",
            "tll",
            "SaveOptions has no key 'tll'. Did you mean 'ttl'?",
        ),
        (
            "Hook.register('AgentError', print, 'lowst')",
            "'lowst'",
            "'priority' must be 'highest', 'high', 'normal', 'low' or 'lowest', not 'lowst'. "
            "Did you mean 'lowest'?",
        ),
        ("State.load('nowhere', 'k')", "'nowhere'", f"'scope' must be {SCOPES}, not 'nowhere'."),
        ("State.load('', 'k')", "''", f"'scope' must be {SCOPES}, not ''."),
        (
            "State.load('session:', 'k')",
            "'session:'",
            f"'scope' must be {SCOPES}, not 'session:'. Did you mean 'session'?",
        ),
        ("State.load(1, 2)", "1", f"'scope' must be {SCOPES}, not 1."),
        (
            "Session.list{ status = 'on' }",
            "'on'",
            "'status' must be 'active', 'suspended', 'completed', 'failed' or 'archived', "
            "not 'on'.",
        ),
        (
            "RAG.ingest({ { txt = 'y' } })",
            "txt",
            "RagDocument has no key 'txt'. Did you mean 'text'?",
        ),
    ],
)
def test_wrong_arguments(editor, text, word, message):
    """How many, what kind, and which keys."""
    assert [(word, message)] == told(editor, text, "wrong-argument")


@pytest.mark.parametrize(
    ("text", "word", "message"),
    [
        (
            "State:load('a')",
            "State:load",
            "State.load must be called with a dot; the colon passes State as 'scope'.",
        ),
        (
            "local S = State S:load('a', 'b')",
            "S:load",
            "S.load must be called with a dot; the colon passes S as 'scope'.",
        ),
        (
            "local x = string:rep('x', 2)",
            "string:rep",
            "string.rep must be called with a dot; the colon passes string as 's'.",
        ),
        (
            "io:write('x')",
            "io:write",
            "io.write must be called with a dot; the colon passes io as an argument.",
        ),
        (
            "Hook:unregister(handle)",
            "Hook:unregister",
            "Hook.unregister must be called with a dot; the colon passes Hook as 'handle'.",
        ),
    ],
)
def test_a_colon_in_place_of_a_dot(editor, text, word, message):
    """What the colon does is said, rather than how many arguments there are."""
    assert [(word, message)] == told(editor, f"handle = 1 {text}", "wrong-argument")


@pytest.mark.parametrize(
    "text",
    [
        "print(1, 2, 3)",
        "State.load('custom:a', 'k') State.load('user:ann', 'k') State.list('session')",
        "State.delete('a key') State.load(scope, 'k') State.load('\\103lobal', 'k')",
        "Hook.register('AgentError', print, nil) Session.list{ status = nil }",
        "table:insert(1) os:time() debug:traceback()",
        "print(string.rep(...))",
        "print(string.rep(unpack({})))",
        "print(math.floor('3'), ('x'):rep('3'))",
        "string.trim = function() end print(('x'):trim())",
        "print(('x'):trim())",  # another file may add it
        "function Agent.mine() end Agent.mine(1, 2)",
        "local string = { rep = print } string.rep()",
        "print = nil print()",
        "local f = io.open('x') f = other() f:anything()",
        "local a = x and Agent.builder() or y a:anything()",
        "function f(a) a:anything() end",
        "local t = Tool.get('x') t.execute({ a = 1 })",
        "Agent.get('x'):execute('hi')",
        "Agent.get('x'):execute{ text = 'hi' }",
        "Tool.calculator.anything()",
        "setmetatable({}, nil)",
        "tostring(nil)",
        "error()",
        "Event.publish('x', nil)",
        "local ok, e = pcall(string.rep)",
    ],
)
def test_what_may_be_right_is_right(editor, text):
    """Only what is certain is told: nothing about values that can be something else."""
    assert [] == told(editor, text)


def test_forms_of_versions(tmp_path):
    """A call is judged by the Lua that the settings choose."""
    with editing(tmp_path, {"lua": {"version": "5.1"}}) as editor:
        message = "string.rep takes 2 arguments; 3 are given."
        assert [("','", message)] == told(editor, "print(string.rep('x', 2, ','))")


@pytest.mark.parametrize(
    ("settings", "undefined"),
    [
        ({}, ["Agent"]),
        ({"scriptApi": {"later": True}}, []),
        ({"scriptApi": {"enable": False}}, ["State", "Agent"]),
    ],
)
def test_globals_of_the_api_are_those_that_are_there(tmp_path, settings, undefined):
    """Those of later releases are undefined until they are asked for, all where none is wanted."""
    with editing(tmp_path, settings) as editor:
        found = told(editor, "State.load('global', 'x')\nAgent.create()", "undefined-global")
        assert undefined == [name for name, _ in found]


def test_rules_can_be_turned_off(tmp_path):
    """They are rules like any other."""
    with editing(tmp_path, {"diagnostics": {"wrong-argument": "off"}}) as editor:
        assert [] == told(editor, "print(string.rep('x'))")
