"""ScriptServices: the port behind which the kernel does what tables of scripts want done."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kernel.events.broker import Broker
    from kernel.hooks.registry import HookRegistry
    from kernel.hooks.runner import HookRunner
    from kernel.hooks.thread_hooks import ThreadHooks
    from kernel.sessions.access import Actor
    from kernel.sessions.current import CurrentSession
    from kernel.sessions.services import SessionServices
    from kernel.state.backup import Backups
    from kernel.state.schemas import Schemas
    from kernel.state.state import State
    from kernel.state.store import StateStore
    from llmspell.config.model import Configuration
    from llmspell.script_api.config_table import ConfigPermissions
    from llmspell.script_api.script_hooks import HookLimits


class ScriptServices(Protocol):
    """What tables of scripts stand on; shared by all scripts of a kernel."""

    @property
    def configuration(self) -> "Configuration":
        """What is configured."""

    @property
    def state(self) -> "State":
        """Values that are kept."""

    def script_state(self, current: "CurrentSession") -> "State":
        """The same, for scripts in a session: hooks and policies are asked."""

    @property
    def schemas(self) -> "Schemas":
        """The forms that values are kept in, and the steps between them."""

    @property
    def audit_store(self) -> "StateStore":
        """Where the log of events is."""

    @property
    def broker(self) -> "Broker":
        """Events."""

    @property
    def hooks(self) -> "HookRegistry":
        """Hooks."""

    @property
    def hook_limits(self) -> "HookLimits":
        """What hooks of scripts are held to."""

    @property
    def runner(self) -> "HookRunner":
        """What asks them."""

    @property
    def thread_hooks(self) -> "ThreadHooks":
        """What asks the hooks about what scripts do."""

    @property
    def sessions(self) -> "SessionServices":
        """Sessions and their artifacts."""

    @property
    def actor(self) -> "Actor":
        """As whom scripts act."""

    @property
    def backups(self) -> "Backups | None":
        """Where backups are."""

    @property
    def permissions(self) -> "ConfigPermissions":
        """What scripts may do with the configuration."""
