"""What a client can run into."""


class ClientError(Exception):
    """Base of all."""


class RequestFailed(ClientError):
    """The adapter refused a request. ``id`` is the number of its error, 0 if it gave none."""

    def __init__(self, command: str, message: str, text: str, id_: int) -> None:
        super().__init__(f"{command}: {text or message}")
        self.command, self.message, self.text, self.id = command, message, text, id_


class Overdue(ClientError):
    """What was waited for did not come in time."""


class AdapterGone(ClientError):
    """The connection ended while something was waited for."""


class ProgramEnded(ClientError):
    """The program ended where a stop was expected."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"The program ended with exit code {exit_code}.")
        self.exit_code = exit_code
