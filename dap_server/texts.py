"""Which texts of a client can be given to the system: paths, arguments, names of hosts."""

PLAIN = "a text without NUL"


def is_plain(text: str) -> bool:
    """Whether the system takes a text whole: to C a NUL is its end."""
    return "\0" not in text


def plain(text: str) -> str:
    """The text itself; raises `ValueError` with what it would have to be."""
    if not is_plain(text):
        raise ValueError(PLAIN)
    return text
