"""What the names of a text mean: scopes, declarations, uses of variables and of fields.

Ask ``document.analysis``: ``at(offset)`` for the name or field at a place, ``visible_at(offset)``
for the variables that could be named there, ``declaration.references`` for every use of one,
``globals``, ``field_uses(owner, path)``, ``function_at(offset)``. The words are in ``model``.

How it is made: ``statements`` says what is a piece, ``resolver`` goes through one statement and
leaves a ``Piece`` (``bindings`` knows which variables are alive, ``field_uses`` whose a field is),
``linking`` says what names mean that are declared in another piece, and ``linker`` takes over
pieces of the version before.
"""
