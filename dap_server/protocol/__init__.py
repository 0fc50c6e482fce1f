"""Every message of the Debug Adapter Protocol 1.71 as a pydantic model, in ``generated``.

Field names are the specification's in snake case; on the wire they are the specification's own.
Reading ignores unknown keys; `model.Model.wire` writes only known ones and leaves ``None`` out.
"""
