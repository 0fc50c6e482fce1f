"""Variables of the environment that the command line reads, beside those of the configuration."""

from collections.abc import Mapping

from llmspell.config.variables import OTHERS

VARIABLES: Mapping[str, str] = {
    **OTHERS,
    "NO_COLOR": "Set to anything: no colours.",
    "COLUMNS": "How wide help is.",
    "XDG_DATA_HOME": "Below it, in llmspell: state, artifacts, backups, keys.",
    "XDG_CONFIG_HOME": "Below it the configuration is looked for.",
}
"""What each is for."""
