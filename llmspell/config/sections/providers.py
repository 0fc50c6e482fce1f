"""Providers of language models."""

from pydantic import ConfigDict, Field

from llmspell.config.sections.base import Later, Section


class ProviderConfig(Section):
    """A provider of language models; further keys are options of its kind."""

    name: Later[str] = ""
    """What it is called; without it as its section."""
    provider_type: Later[str] = ""
    """Its kind; without it as its section is called."""
    enabled: Later[bool] = True
    """Whether it may be used."""
    base_url: Later[str | None] = None
    """Where it is, if it is not where its kind is."""
    api_key_env: Later[str | None] = None
    """The variable of the environment with its key."""
    api_key: Later[str | None] = None
    """Its key. `llmspell keys add` keeps it where nobody reads it."""
    default_model: Later[str | None] = Field(default=None, alias="model")
    """The model that is asked where nobody names one."""
    max_tokens: Later[int | None] = Field(default=None, gt=0)
    """How long an answer may be."""
    timeout_seconds: Later[float | None] = Field(default=None, gt=0)
    """How long an answer is waited for."""
    max_retries: Later[int | None] = Field(default=None, ge=0)
    """How often it is asked again after a failure."""

    model_config = ConfigDict(extra="allow", validate_assignment=True, populate_by_name=True)


class ProvidersConfig(Section):
    """Providers by name. They may stand in the section itself, or in one called providers."""

    default_provider: Later[str | None] = None
    """The name of the one that is asked where nobody names one."""
    providers: Later[dict[str, ProviderConfig]] = Field(default_factory=dict)
    """Each in a section of its own, ``[providers.NAME]``."""
