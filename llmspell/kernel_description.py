"""What a kernel for Lua says of itself."""

from kernel.core.errors import UserError
from kernel.core.language import LanguageInfo
from kernel.jupyter.description import KernelDescription
from llmspell import __version__
from lua_debug.versions import LuaVersion, find_version

MANUAL = {"text": "Lua manual", "url": "https://www.lua.org/manual/"}


def describe_kernel(lua: LuaVersion) -> KernelDescription:
    """The description of a kernel that runs this Lua."""
    return KernelDescription(
        version=__version__, banner=f"llmspell {__version__} on {lua.label}", help_links=(MANUAL,)
    )


def check_runs(language: LanguageInfo, lua: str) -> None:
    """Raises `UserError` where a kernel's language is another than that of the Lua called so."""
    wanted = find_version(lua)
    if (language.name, language.version) != (wanted.language.name, wanted.language.version):
        there = f"{language.name.capitalize()} {language.version}"
        raise UserError(
            f"The kernel runs {there}, not {wanted.label}: leave --lua out, or "
            f"start one with `llmspell kernel start --daemon --lua {lua}`."
        )
