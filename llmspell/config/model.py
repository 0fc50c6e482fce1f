"""Configuration: what can be set, with what holds otherwise. The names are those of the files.

Unknown keys are kept, so that files of other releases can be read; who loads a file says which ones
nobody knows. A key that is `Later` can be set and changes nothing yet; users are told so.
"""

from llmspell.config.sections.base import Later, Section
from llmspell.config.sections.engines import EnginesConfig
from llmspell.config.sections.events import DebugConfig, EventsConfig, TelemetryConfig
from llmspell.config.sections.hooks import HooksConfig
from llmspell.config.sections.providers import ProvidersConfig
from llmspell.config.sections.runtime import RuntimeConfig
from llmspell.config.sections.tools import RagConfig, ToolsConfig


class Configuration(Section):
    """Everything that can be set."""

    default_engine: Later[str] = "lua"
    """The language of scripts whose language nobody says. Lua is the only one."""
    engines: EnginesConfig = EnginesConfig()
    providers: Later[ProvidersConfig] = ProvidersConfig()
    runtime: RuntimeConfig = RuntimeConfig()
    hooks: HooksConfig = HooksConfig()
    events: EventsConfig = EventsConfig()
    debug: DebugConfig = DebugConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    rag: Later[RagConfig] = RagConfig()
    tools: Later[ToolsConfig] = ToolsConfig()
