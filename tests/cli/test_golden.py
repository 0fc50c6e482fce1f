"""Each command says what it has always said, in text and as JSON, with a kernel and without one.

``RESET_GOLDEN=1`` writes the transcripts anew.
"""

import pytest

from tests.cli.conftest import CommandLine
from tests.cli.stories import ALONE, CONFIGURATIONS, SCHEMAS, SHARED, VALUES
from tests.cli.transcripts import golden, transcript

pytestmark = pytest.mark.long

SCRIPT = """\
print(ARGS[0], ARGS[1], ARGS.key, ARGS.flag, ARGS.output, #arg, ...)
return #arg
"""

WRONG = """\
[runtime]
script_timeout_seconds = -1 # too short
max_concurent_scripts = 3

[debug]
level = "loud"
"""


@pytest.fixture
def files(cli: CommandLine) -> CommandLine:
    """What the stories speak of."""
    cli.write("values.json", VALUES)
    cli.write("script.lua", SCRIPT)
    for name, text in SCHEMAS.items():
        cli.write(name, text)
    cli.write("wrong.toml", WRONG)
    cli.write("broken.toml", "a = 1\n[b\n")
    cli.write("audit.toml", "[events.persistence]\nenabled = true\n")
    cli.environment["LLMSPELL_KEYS_PASSPHRASE"] = "a passphrase"
    return cli


@pytest.mark.parametrize("way", ["embedded", "connected"])
@pytest.mark.parametrize("name", SHARED)
def test_a_kernel_and_this_process_say_the_same(files: CommandLine, name: str, way: str) -> None:
    """What is kept is shown and changed with the same words and results, wherever it is done."""
    if name in CONFIGURATIONS:
        files.write("llmspell.toml", CONFIGURATIONS[name])
    if way == "connected":
        files.start_kernel("lab")
    options = ("--kernel", "lab" if way == "connected" else "none")
    said = transcript(files, SHARED[name], options)
    assert golden(name, said) == said


@pytest.mark.parametrize("name", ALONE)
def test_what_commands_say(files: CommandLine, name: str) -> None:
    """Texts, results for programs, exit statuses and hints are those that were looked at."""
    said = transcript(files, ALONE[name])
    assert golden(name, said) == said
