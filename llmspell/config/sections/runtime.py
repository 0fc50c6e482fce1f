"""How scripts are run, and what is kept of it."""

from typing import Any, Literal

from pydantic import Field

from llmspell.config.sections.base import Later, Section

NAME = r"^[A-Za-z0-9_.@+-]{1,64}$"
"""What users and tenants may be called."""


class SecurityConfig(Section):
    """What scripts may do."""

    allow_file_access: Later[bool] = False
    """Whether scripts may use files. `Config.isFileAccessAllowed` tells them so, and nothing holds
    them to it."""
    allow_network_access: Later[bool] = True
    """Whether they may use the network. `Config.isNetworkAccessAllowed` tells them so, and nothing
    holds them to it."""
    allow_process_spawn: Later[bool] = False
    """Whether they may start other programs."""
    max_memory_bytes: int | None = Field(default=None, gt=0)
    """See engines.lua.max_memory_bytes."""
    max_execution_time_ms: int | None = Field(default=None, gt=0)
    """Milliseconds a script or a cell may run; see runtime.script_timeout_seconds."""


class BackupConfig(Section):
    """How state is backed up."""

    backup_dir: str | None = None
    """The folder of backups; without it one beside the state."""
    compression_enabled: bool = True
    """Whether state is compressed in backups. Artifacts always are, as they are kept."""
    compression_type: Literal["zstd"] = "zstd"
    """By which means; Zstandard is the only one."""
    compression_level: int = Field(default=3, ge=1, le=22)
    """How hard it is tried: 1 is fast, 22 is small."""
    incremental_enabled: Later[bool] = False
    """Whether a backup holds only what is new since the one before. Each holds everything."""
    max_backups: int | None = Field(default=None, ge=1)
    """How many backups stay in the folder when one was taken; the oldest go. Without it all stay.
    `llmspell backup create --keep` stands above it."""


class StatePersistenceConfig(Section):
    """Where state is kept."""

    enabled: bool = True
    """If not, it is in memory and gone with the process."""
    backend_type: str = "sqlite"
    """``sqlite`` alone is a file among the user's data; ``memory`` forgets; or a store's URL."""
    migration_enabled: bool = False
    """Whether values of older versions of the schemas are brought up to date when the state is
    opened. Without it `State.migrate` and `llmspell state migrate` do so."""
    backup_on_migration: bool = True
    """Whether the state is backed up before anything of it is migrated."""
    backup_enabled: Later[bool] = True
    """Whether backups are taken unasked. None are; `llmspell backup create` takes one."""
    schema_directory: str | None = None
    """The folder of schemas: files that say how values of one version become those of the next."""
    max_state_size_bytes: Later[int] = Field(default=10_000_000, gt=0)
    """How much may be kept."""
    backup: BackupConfig = BackupConfig()


class SessionsConfig(Section):
    """How sessions are kept."""

    enabled: bool = True
    """Where it says true in so many words, each kernel begins a session by itself."""
    max_sessions: int = Field(default=1000, ge=1)
    """How many sessions may be active at once."""
    max_artifacts_per_session: int = Field(default=1000, ge=1)
    """How many artifacts a session may have; the setting artifacts of the policy quota."""
    artifact_compression_threshold: int = Field(default=10240, ge=0)
    """Bytes from which an artifact is compressed."""
    session_timeout_seconds: float = Field(default=3600, gt=0)
    """How long a session may be active; the setting seconds of the policy timeout."""
    storage_backend: Later[str] = "memory"
    """Where sessions are kept. They are with the state (runtime.state_persistence)."""
    user: str = Field(default="local", pattern=NAME)
    """As whom scripts, cells and commands use sessions: their owner, and who the audit trail
    names. Nothing asks for a password: it tells users apart who mean to be told apart."""
    tenant: str = Field(default="default", pattern=NAME)
    """The tenant of that user; sessions of other tenants are not seen."""
    admin: bool = False
    """Whether that user is an admin of the tenant, who may do everything in it."""
    policies: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Settings of policies by their names; what is not said is as by default."""


class ConfigPermissionsConfig(Section):
    """What scripts may do with the configuration, by the global `Config`.

    What a script changes is its own copy, and nobody else sees it.
    """

    read: bool = True
    """Whether they may look at it."""
    modify_providers: bool = False
    """Whether they may change providers (`Config.setProvider`)."""
    modify_tools: bool = False
    """Whether they may change tools; restoring a snapshot needs all four."""
    modify_runtime: bool = False
    """Whether they may change limits of the runtime."""
    modify_security: bool = False
    """Whether they may change what scripts may do (`Config.setSecurity`, `addAllowedPath`)."""
    access_secrets: bool = False
    """Whether they see keys and passwords, which are hidden otherwise."""


class RuntimeConfig(Section):
    """How scripts are run, whatever their language."""

    max_concurrent_scripts: Later[int] = Field(default=10, ge=1)
    """How many scripts a kernel runs at once. It runs one cell after the other."""
    script_timeout_seconds: float | None = Field(default=None, gt=0)
    """How long a script or a cell may run before it is ended with an error that says so; what it
    stands in the debugger counts nothing. Without it as long as it takes."""
    enable_streaming: Later[bool] = True
    """Whether output is told as it comes. It always is."""
    security: SecurityConfig = SecurityConfig()
    config_permissions: ConfigPermissionsConfig = ConfigPermissionsConfig()
    state_persistence: StatePersistenceConfig = StatePersistenceConfig()
    sessions: SessionsConfig = SessionsConfig()
