"""Tools, and search by meaning."""

from typing import Any

from pydantic import Field

from llmspell.config.sections.base import Later, Section


class RagConfig(Section):
    """Search by meaning."""

    enabled: Later[bool] = False
    """Whether there is any."""
    multi_tenant: Later[bool] = False
    """Whether tenants search in what is theirs only."""
    vector_storage: Later[dict[str, Any]] = Field(default_factory=dict)
    """Where vectors are kept."""
    embedding: Later[dict[str, Any]] = Field(default_factory=dict)
    """What makes vectors of texts."""
    chunking: Later[dict[str, Any]] = Field(default_factory=dict)
    """How texts are cut into pieces."""
    cache: Later[dict[str, Any]] = Field(default_factory=dict)
    """What is remembered of earlier searches."""


class FileOperationsConfig(Section):
    """What the tool for files may do."""

    enabled: Later[bool] = True
    """Whether there is this tool."""
    allowed_paths: Later[list[str]] = Field(default_factory=list)
    """Folders below which it may read and write."""
    max_file_size: Later[int] = Field(default=50_000_000, gt=0)
    """Bytes of the largest file."""
    atomic_writes: Later[bool] = True
    """Whether a file is written wholly or not at all."""
    max_depth: Later[int | None] = Field(default=None, gt=0)
    """How deep below a folder it may look."""
    allowed_extensions: Later[list[str]] = Field(default_factory=list)
    """Endings of the files it may touch; without any all."""
    blocked_extensions: Later[list[str]] = Field(default_factory=list)
    """Endings of those it may not."""


class ToolsConfig(Section):
    """What tools may do; each tool may have a section of its own."""

    enabled: Later[bool] = True
    """Whether there are tools."""
    rate_limit_per_minute: Later[int | None] = Field(default=None, gt=0)
    """How often a minute a tool may be called."""
    allowed_paths: Later[list[str]] = Field(default_factory=list)
    """Folders below which tools may read and write."""
    file_operations: Later[FileOperationsConfig] = FileOperationsConfig()
    web_search: Later[dict[str, Any]] = Field(default_factory=dict)
    """Settings of the tool that searches the web."""
    http_request: Later[dict[str, Any]] = Field(default_factory=dict)
    """Settings of the tool that asks servers."""
    network: Later[dict[str, Any]] = Field(default_factory=dict)
    """Settings of what tools do over the network."""
