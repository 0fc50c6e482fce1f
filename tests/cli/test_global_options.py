"""Options of every command: where they may stand, and what they do not take from scripts."""

import pytest

from llmspell.cli.global_options import GlobalOptions, UsageError, merged, separate


def given(**fields: str) -> GlobalOptions:
    """Options that set these fields."""
    return GlobalOptions(**fields, given=frozenset(fields))


@pytest.mark.parametrize(
    ("words", "options", "rest"),
    [
        ("--output json state show", given(output="json"), "state show"),
        ("state --output json show", given(output="json"), "state show"),
        ("state show --output=json", given(output="json"), "state show"),
        ("-c a.toml state", given(config="a.toml"), "state"),
        ("state -ca.toml", given(config="a.toml"), "state"),
        ("state --config=a=b.toml", given(config="a=b.toml"), "state"),
        ("x --kernel lab --trace debug", given(kernel="lab", trace="debug"), "x"),
        ("exec code -- --output json", GlobalOptions(), "exec code -- --output json"),
        ("x --output json --output text", given(output="text"), "x"),
    ],
)
def test_they_stand_anywhere(words: str, options: GlobalOptions, rest: str) -> None:
    """Before, between and behind a command's words, as one word or two, up to a ``--``."""
    assert (options, rest.split()) == separate(words.split())


@pytest.mark.parametrize(
    ("words", "options", "rest"),
    [
        ("--output json a.lua --output x", given(output="json"), "a.lua --output x"),
        ("--lua 5.1 --connect k a.lua -c 1", given(connect="k"), "--lua 5.1 a.lua -c 1"),
        ("- --trace debug", GlobalOptions(), "- --trace debug"),
        ("--lua --output a.lua", GlobalOptions(), "--lua --output a.lua"),
    ],
)
def test_a_script_keeps_its_own(words: str, options: GlobalOptions, rest: str) -> None:
    """What stands behind the name of a script is the script's, whatever it is called."""
    assert (options, rest.split()) == separate(
        words.split(), ends_at_word=True, with_value=("--lua",)
    )


@pytest.mark.parametrize(
    ("words", "options", "rest"),
    [
        ("a.lua --connect lab -- a", given(connect="lab"), "a.lua -- a"),
        (
            "--trace debug a.lua one -c x -- -c y",
            given(trace="debug", config="x"),
            "a.lua one -- -c y",
        ),
        (
            "a.lua --lua --output -- --output x",
            GlobalOptions(),
            "a.lua --lua --output -- --output x",
        ),
        ("a.lua -- --output json", GlobalOptions(), "a.lua -- --output json"),
        ("-- a.lua --output json -- x", GlobalOptions(), "-- a.lua --output json -- x"),
        (
            "a.lua --output json -- b -- --output x",
            given(output="json"),
            "a.lua -- b -- --output x",
        ),
    ],
)
def test_dashes_behind_a_script_say_what_is_ours(
    words: str, options: GlobalOptions, rest: str
) -> None:
    """Where a ``--`` follows the script, options between the two are ours."""
    assert (options, rest.split()) == separate(
        words.split(), ends_at_word=True, goes_on_to_dashes=True, with_value=("--lua",)
    )


def test_the_one_behind_counts() -> None:
    """Of two, the one that stands nearer to what is done; others stay."""
    first, second = given(output="json", kernel="a"), given(output="yaml")
    assert given(output="yaml", kernel="a") == merged(first, second)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--output jsn", r"one of text, json, yaml, pretty, not 'jsn'; did you mean json\?"),
        ("--trace loud", "one of off, error, warn, info, debug, trace, not 'loud'"),
        ("--kernel", "--kernel needs a value: --kernel ID"),
    ],
)
def test_mistakes_are_told(words: str, message: str) -> None:
    """With what there is, and what may be meant."""
    with pytest.raises(UsageError, match=message):
        separate(words.split())


def test_a_configuration_that_is_not_there(tmp_path: object) -> None:
    """It is said before anything is done, with the command that writes one."""
    environment: dict[str, str] = {}
    with pytest.raises(UsageError, match="llmspell config init -o"):
        GlobalOptions(config=f"{tmp_path}/none.toml").hand_on(environment)
    assert {} == environment
