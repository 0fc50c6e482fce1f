"""The exceptions of the kernel.

::

    KernelError
    ├── UserError            somebody asked for what cannot be done; its text is shown
    │   ├── NotStopped       the request needs a stopped debuggee
    │   ├── StaleReference   a frame or variables reference of an earlier stop
    │   ├── EvaluationFailed an expression did not compile or raised; carries the language's message
    │   ├── Cancelled        the client took the request back
    │   ├── ProgramNotFound  the file to run is not there
    │   ├── BadArgument      a script called a function of ours with what it does not take
    │   └── ScriptFailed     a function of a script that we called raised an error
    └── DebuggeeGone         the debuggee ended while the request was under way
"""


class KernelError(Exception):
    """Base of everything the kernel raises on purpose."""


class UserError(KernelError):
    """A request that cannot be served; its text names the thing, the place and the way out."""


class NotStopped(UserError):
    """The request needs a stopped debuggee, and it runs."""

    def __init__(self, what: str = "This") -> None:
        super().__init__(f"{what} needs a stopped program; pause it first.")


class StaleReference(UserError):
    """A frame id or variables reference that ended when the program resumed, or never was."""

    def __init__(self, reference: int) -> None:
        super().__init__(f"Reference {reference} is not of this stop; ask for the stack again.")


class EvaluationFailed(UserError):
    """An expression did not compile, raised an error, or ran out of its allowance."""


class Cancelled(UserError):
    """The client cancelled the request."""

    def __init__(self) -> None:
        super().__init__("cancelled")


class ProgramNotFound(UserError):
    """The program to run does not exist or cannot be read."""


class BadArgument(UserError):
    """A script called a function with an argument that it does not take."""


class ScriptFailed(UserError):
    """A script's function that was called raised an error; the text is the error's own."""


class DebuggeeGone(KernelError):
    """The debuggee ended while a request was waiting for it."""

    def __init__(self) -> None:
        super().__init__("The program has ended.")
