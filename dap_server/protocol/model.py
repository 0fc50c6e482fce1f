"""What all message models have in common: names, unknown keys, what is left out."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Int53 = Annotated[int, Field(gt=-(2**53), lt=2**53)]
Count32 = Annotated[int, Field(ge=0, lt=2**31)]
"""Whatever must not be negative; sequence numbers too, as some clients begin at 0."""
Count53 = Annotated[int, Field(ge=0, lt=2**53)]
Percentage = Annotated[float, Field(ge=0, le=100)]

_IRREGULAR = {
    "client_id": "clientID",
    "adapter_id": "adapterID",
    "process_id_": "processId",
    "request_seq": "request_seq",
    "restart_data": "__restart",
    "supports_ansi_styling": "supportsANSIStyling",
}


def wire_name(name: str) -> str:
    """The specification's name of a field: ``thread_id`` is ``threadId``, but ``clientID``."""
    return _IRREGULAR.get(name) or to_camel(name)


class Model(BaseModel):
    """A message or a part of one. Building the validators waits until the first use."""

    model_config = ConfigDict(
        alias_generator=wire_name, validate_by_name=True, extra="ignore", defer_build=True
    )

    def wire(self) -> dict[str, Any]:
        """As it is sent: the specification's names, nothing that is None but what must be there."""
        written = self.model_dump(by_alias=True, exclude_none=True)
        for name, field in type(self).model_fields.items():
            if field.is_required() and getattr(self, name) is None:
                written[wire_name(name)] = None
        return written
