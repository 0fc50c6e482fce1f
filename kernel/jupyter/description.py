"""What a kernel says of itself to whoever asks: ``kernel_info_reply`` ("Kernel info")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kernel.core.language import LanguageInfo
from kernel.jupyter.messages import PROTOCOL_VERSION, Content


@dataclass(frozen=True, slots=True)
class KernelDescription:
    """What a kernel says of itself."""

    implementation: str = "llmspell"
    version: str = "0"
    banner: str = ""
    help_links: Sequence[Mapping[str, str]] = ()


def kernel_info_content(
    description: KernelDescription, language: LanguageInfo, *, has_debugger: bool
) -> Content:
    """The content of a ``kernel_info_reply``."""
    features = ["debugger"] if has_debugger else []
    return {
        "status": "ok",
        "protocol_version": PROTOCOL_VERSION,
        "implementation": description.implementation,
        "implementation_version": description.version,
        "language_info": {
            "name": language.name,
            "version": language.version,
            "mimetype": language.mimetype,
            "file_extension": language.file_extension,
            "pygments_lexer": language.pygments_lexer,
            "codemirror_mode": language.codemirror_mode,
        },
        "banner": description.banner,
        "help_links": [dict(link) for link in description.help_links],
        "debugger": has_debugger,
        "supported_features": features,
        "llmspell": {"language": language.label},
    }
