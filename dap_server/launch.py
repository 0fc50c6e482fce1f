"""The arguments of ``launch`` and ``attach``: one model each, from which their docs are written.

`read_launch` and `read_attach` check what a client sent; every wrong value is refused by name, with
what would be right. Keys that editors add for themselves pass, other unknown keys make a warning.
"""

import json
import os
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    field_validator,
)
from pydantic.alias_generators import to_camel

from dap_server.launch_errors import BadConfiguration, explain, warnings
from dap_server.texts import is_plain, plain
from kernel.core.model import Program
from kernel.core.program_files import require_program
from kernel.core.settings import DebugSettings, DisplayLimits, PathMapping

Console = Literal["internalConsole", "integratedTerminal", "externalTerminal"]
LuaVersion = Literal["5.1", "5.2", "5.3", "5.4", "5.5", "luajit", "luajit2.0", "luajit2.1"]


def _templates(value: object) -> object:
    """A search path as Lua writes it, ``a;b``, is a list too."""
    return [each for each in value.split(";") if each] if isinstance(value, str) else value


def _variable(name: str) -> str:
    """A name that the system takes for a variable of the environment."""
    if not plain(name) or "=" in name:
        raise ValueError("a name that is not empty and has no =")
    return name


def _glob(text: str) -> str:
    """A glob that can match something; ``[`` opens a set of characters as in `fnmatch`."""
    glob = plain(text).removeprefix("!")
    if not glob:
        raise ValueError("a glob that is not empty")
    # A ] that comes first in a set is one of its characters.
    if "[" in re.sub(r"\[!?+\]?+[^\]]*+\]", "", glob):
        raise ValueError("a glob in which every [ is closed; [[] stands for a [ itself")
    return text


Port = Annotated[int, Field(ge=1, le=65535)]
Text = Annotated[str, AfterValidator(plain)]
Glob = Annotated[str, AfterValidator(_glob)]
Variable = Annotated[str, AfterValidator(_variable)]
Templates = Annotated[
    list[Text], BeforeValidator(_templates, json_schema_input_type=list[str] | str)
]


def _source_maps(value: object) -> bool | dict[str, str]:
    """Whether maps are followed, or globs; the file's name has no more ``*`` than its glob."""
    if isinstance(value, bool):
        return value
    globs = value.items() if isinstance(value, dict) else [(None, value)]
    for glob, file in globs:
        if not isinstance(glob, str) or not isinstance(file, str):
            raise ValueError("true, false or an object of strings")
        if not is_plain(glob + file):
            raise ValueError("an object of texts without NUL")
        if file.replace("**", "*").count("*") > glob.replace("**", "*").count("*"):
            raise ValueError(f"an object in which {file!r} has no * that {glob!r} has not")
    return dict(globs)


SourceMaps = Annotated[
    bool | dict[str, str],
    PlainValidator(_source_maps, json_schema_input_type=bool | dict[str, str]),
]
PositiveInt = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Strict(BaseModel):
    """Wrong types are refused, never converted."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        extra="allow",
        strict=True,
        defer_build=True,
    )


class Mapping(Strict):
    """One folder under its two names."""

    local: Text = Field(description="The folder as the editor knows it.")
    remote: Text = Field(description="The same folder where the program runs.")


class Address(Strict):
    """Where a program waits to be debugged."""

    host: Text = Field(default="127.0.0.1", description="The machine, by name or number.")
    port: Port = Field(description="The port.")


class Display(Strict):
    """How much of a value is shown at once."""

    max_string: PositiveInt = Field(
        default=1000, description="Characters of a string before it is cut."
    )
    max_children: PositiveInt = Field(
        default=1000,
        description="Entries of a table in one page, if the editor does not page itself.",
    )
    max_preview: PositiveInt = Field(
        default=5, description="Entries in a table's one-line summary."
    )


class Configuration(Strict):
    """What launch and attach have in common."""

    path_mappings: list[Mapping] = Field(
        default=[],
        description="Folders that have other names where the program runs, longest match first.",
    )
    source_maps: SourceMaps = Field(
        default=True,
        description="Whether source maps are followed; or, with them, globs of chunk names and the "
        "files they are shown as, where * stands for the same.",
    )
    skip_files: list[Glob] = Field(
        default=[], description="Globs of files that stepping passes over; a leading ! excepts."
    )
    just_my_code: bool = Field(
        default=False, description="Step over everything outside the program's folder."
    )
    exception_defaults: list[str] | None = Field(
        default=None, description="Exception filters that are on until the editor chooses."
    )
    display: Display = Field(default=Display(), description="Limits to what is shown of a value.")

    def filters(self) -> tuple[str, ...] | None:
        """The exception filters that are on until the client chooses."""
        return None if self.exception_defaults is None else tuple(self.exception_defaults)

    def _shared(self) -> dict[str, Any]:
        limits, globs = self.display, self.source_maps
        return {
            "path_mappings": tuple(PathMapping(m.local, m.remote) for m in self.path_mappings),
            "source_maps": self.source_maps is not False,
            "source_globs": tuple(globs.items()) if isinstance(globs, dict) else (),
            "skip_files": tuple(self.skip_files),
            "just_my_code": self.just_my_code,
            "display": DisplayLimits(limits.max_string, limits.max_children, limits.max_preview),
        }


class LaunchConfiguration(Configuration):
    """Start a program and debug it."""

    program: Text = Field(min_length=1, description="The Lua file to run.")
    args: list[Text] = Field(default=[], description="Arguments of the program.")
    cwd: Text | None = Field(
        default=None, description="The folder to run in; the adapter's by default."
    )
    env: dict[Variable, Text | None] = Field(
        default={}, description="Environment variables to set; null takes one away."
    )
    lua: LuaVersion = Field(
        default="5.4", description="The Lua to run the program with; the configured one by default."
    )
    lua_path: Templates = Field(
        default=[], description="Templates, or a path with semicolons, put before package.path."
    )
    lua_c_path: Templates = Field(default=[], description="The same for package.cpath.")
    stop_on_entry: bool = Field(default=False, description="Stop at the first line of the program.")
    no_debug: bool = Field(default=False, description="Run the program without stopping anywhere.")
    console: Console = Field(
        default="internalConsole",
        description="Where the program reads and writes: the editor or a terminal.",
    )
    max_memory_mb: PositiveInt | None = Field(
        default=None, alias="maxMemoryMB", description="MiB of memory the program may use."
    )

    @field_validator("cwd")
    @classmethod
    def _is_folder(cls, cwd: str | None) -> str | None:
        if cwd is not None and not os.path.isdir(cwd):
            raise ValueError("a folder that exists")
        return cwd

    def settings(self) -> DebugSettings:
        """What the debuggee needs to know."""
        return DebugSettings(
            lua=self.lua,
            lua_path=tuple(self.lua_path),
            lua_cpath=tuple(self.lua_c_path),
            env=dict(self.env),
            cwd=self.cwd and os.path.abspath(self.cwd),
            max_memory_mb=self.max_memory_mb,
            **self._shared(),
        )

    def program_to_run(self) -> Program:
        """The program, its path made absolute against ``cwd``."""
        path = os.path.abspath(os.path.join(self.cwd or "", self.program))
        return Program(path, tuple(self.args), self.stop_on_entry, debug=not self.no_debug)


class AttachConfiguration(Configuration):
    """Debug a program that runs already."""

    host: Text = Field(default="127.0.0.1", description="Where the program waits to be debugged.")
    port: Port | None = Field(
        default=None,
        description="The port it waits at; not needed when the editor connects to it directly.",
    )
    connect: Address | None = Field(
        default=None, description="The same as host and port, as other adapters have it."
    )

    def address(self) -> tuple[str, int | None]:
        """Host and port; raises `BadConfiguration` where there are two that differ."""
        if self.connect is None:
            return self.host, self.port
        for name in {"host", "port"} & self.model_fields_set:
            one, other = getattr(self, name), getattr(self.connect, name)
            if one != other:
                raise BadConfiguration(
                    f"{name} is {json.dumps(one)}, and connect.{name} is {json.dumps(other)}; "
                    "one of them is enough."
                )
        return self.connect.host, self.connect.port

    def settings(self) -> DebugSettings:
        """What the debuggee needs to know."""
        return DebugSettings(**self._shared())


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A launch, checked."""

    program: Program
    settings: DebugSettings
    console: Console
    exception_defaults: tuple[str, ...] | None
    """Exception filters that are on until the client chooses; None: those on by default."""
    warnings: tuple[str, ...]
    raw: dict[str, Any]
    """What the client sent, whole."""

    def require_file(self) -> None:
        """Raises `ProgramNotFound` where the program's file cannot be run."""
        require_program(self.program.path)


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """An attach, checked."""

    host: str
    port: int | None
    settings: DebugSettings
    exception_defaults: tuple[str, ...] | None
    warnings: tuple[str, ...]
    raw: dict[str, Any]


def read_launch(raw: dict[str, Any]) -> LaunchRequest:
    """Check launch arguments; raises `BadConfiguration`."""
    try:
        configuration = LaunchConfiguration.model_validate(_given(raw))
    except ValidationError as error:
        raise BadConfiguration(explain("launch", LaunchConfiguration, error)) from error
    return LaunchRequest(
        configuration.program_to_run(),
        configuration.settings(),
        configuration.console,
        configuration.filters(),
        warnings("launch", configuration),
        raw,
    )


def read_attach(raw: dict[str, Any]) -> AttachRequest:
    """Check attach arguments; raises `BadConfiguration`."""
    try:
        configuration = AttachConfiguration.model_validate(_given(raw))
    except ValidationError as error:
        raise BadConfiguration(explain("attach", AttachConfiguration, error)) from error
    return AttachRequest(
        *configuration.address(),
        configuration.settings(),
        configuration.filters(),
        warnings("attach", configuration),
        raw,
    )


def _given(raw: dict[str, Any]) -> dict[str, Any]:
    """Editors written in languages without "absent" send null for what was not given."""
    return {key: value for key, value in raw.items() if value is not None}
