"""The options that every command takes, wherever they stand, and how they are found there."""

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

FORMATS = ("text", "json", "yaml", "pretty")
"""What results are written as; ``pretty`` is JSON for people."""

NO_KERNEL = "none"
"""What ``--kernel`` says where no kernel is to be asked."""

TRACES = ("off", "error", "warn", "info", "debug", "trace")


@dataclass(frozen=True, slots=True)
class GlobalOption:
    """An option of every command; all of them have a value."""

    names: tuple[str, ...]
    metavar: str
    help: str
    choices: tuple[str, ...] = ()


GLOBAL_OPTIONS: Mapping[str, GlobalOption] = {
    "config": GlobalOption(
        ("-c", "--config"),
        "FILE",
        "the configuration; otherwise what LLMSPELL_CONFIG names, or the first llmspell.toml of "
        "this folder and the user's",
    ),
    "trace": GlobalOption(
        ("--trace",), "LEVEL", "what is logged on stderr; LLMSPELL_LOG says it finer", TRACES
    ),
    "output": GlobalOption(("--output",), "FORMAT", "what results are written as (text)", FORMATS),
    "connect": GlobalOption(
        ("--connect",), "ADDRESS", "work on this kernel: tcp://…, ws://…, a connection file, an id"
    ),
    "kernel": GlobalOption(
        ("--kernel",), "ID", "work on this kernel of `llmspell kernel list`; none: on no kernel"
    ),
}
"""The field of `GlobalOptions` that an option sets, and the option."""

_BY_NAME = {name: each for each, option in GLOBAL_OPTIONS.items() for name in option.names}


class UsageError(Exception):
    """The command line makes no sense; the exit status is 2."""


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """What was given of them; empty texts were not."""

    config: str = ""
    trace: str = ""
    output: str = "text"
    connect: str = ""
    kernel: str = ""
    given: frozenset[str] = field(default_factory=frozenset)
    """The fields that the command line set."""

    def hand_on(self, environment: MutableMapping[str, str]) -> None:
        """Let everything that reads the configuration, children too, read the one that was named.

        Raises `UsageError` if there is no such file.
        """
        if not self.config:
            return
        path = Path(self.config)
        if not path.is_file():
            raise UsageError(
                f"there is no configuration file {self.config}; `llmspell config init "
                f"-o {self.config}` writes one"
            )
        environment["LLMSPELL_CONFIG"] = str(path.absolute())


def separate(
    words: Sequence[str],
    *,
    ends_at_word: bool = False,
    goes_on_to_dashes: bool = False,
    with_value: Collection[str] = (),
) -> tuple[GlobalOptions, list[str]]:
    """Take the global options out of words, up to a ``--``; the others stay in their order.

    ``ends_at_word``: what stands behind the first word that is no option is somebody else's, a
    script's; ``goes_on_to_dashes``: unless a ``--`` follows, up to which options are ours.
    ``with_value``: options of the command whose next word is their value. Raises `UsageError`.
    """
    options, rest = GlobalOptions(), list[str]()
    reader = iter(words)
    for word in reader:
        name, value = _global(word)
        if word == "--" or (ends_at_word and (word == "-" or not word.startswith("-"))):
            behind = [*reader]
            if goes_on_to_dashes and word != "--" and "--" in behind:
                more, behind = separate(behind, with_value=with_value)
                options = merged(options, more)
            rest += [word, *behind]
        elif name:
            options = _with(options, name, value if value is not None else next(reader, ""))
        else:
            rest.append(word)
            if word in with_value:
                rest += [each for each in [next(reader, None)] if each is not None]
    return options, rest


def merged(first: GlobalOptions, second: GlobalOptions) -> GlobalOptions:
    """Both; the second counts where both say something."""
    changes = {name: getattr(second, name) for name in second.given}
    return replace(first, given=first.given | second.given, **changes)


def as_words(options: GlobalOptions, names: Collection[str]) -> list[str]:
    """The options as they could stand on a command line."""
    return [
        word
        for name in GLOBAL_OPTIONS
        if name in names and name in options.given
        for word in (GLOBAL_OPTIONS[name].names[-1], getattr(options, name))
    ]


def _global(word: str) -> tuple[str, str | None]:
    """The name of the global option that a word is, and its value if that is in the word."""
    head, equals, value = word.partition("=")
    if head in _BY_NAME and (not equals or head.startswith("--")):
        return head, value if equals else None
    if word.startswith("-c") and len(word) > 2:
        return "-c", word[2:]
    return "", None


def _with(options: GlobalOptions, name: str, value: str) -> GlobalOptions:
    which = _BY_NAME[name]
    if value in (
        "",
        "--",
    ):  # also of a variable that is not set: "no kernel" would be the wrong guess
        raise UsageError(f"{name} needs a value: {name} {GLOBAL_OPTIONS[which].metavar}")
    choices = GLOBAL_OPTIONS[which].choices
    if choices and value not in choices:
        from kernel.core.suggestions import did_you_mean

        hint = did_you_mean(value, choices)
        raise UsageError(f"{name} is one of {', '.join(choices)}, not {value!r}{hint}")
    return replace(options, given=options.given | {which}, **{which: value})
