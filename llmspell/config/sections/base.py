"""Section: what all sections have in common, and the mark of keys that nobody heeds yet."""

from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

Value = TypeVar("Value")

KEPT_FOR_LATER = "kept for later, used by nobody yet"
"""How users are told of it: in the reference, in new files, by ``config validate`` and ``set``."""


class Section(BaseModel):
    """Base of all sections."""

    model_config = ConfigDict(extra="allow", validate_assignment=True)


@dataclass(frozen=True, slots=True)
class _KeptForLater:
    """The mark of `Later`."""


Later = Annotated[Value, _KeptForLater()]
"""The type of a key, or of a section with all its keys, that can be set and changes nothing yet."""


def is_kept_for_later(field: FieldInfo) -> bool:
    """Whether a key or a section is `Later`."""
    return any(isinstance(each, _KeptForLater) for each in field.metadata)
