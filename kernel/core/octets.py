"""The bytes of a text that may stand for bytes which are no UTF-8."""


def octets(text: str) -> bytes:
    """UTF-8; a byte that was escaped in decoding (PEP 383, as of files and pipes) is that byte.

    Half a character that JSON has brought from elsewhere passes as it is.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def whole(text: str) -> str:
    """The same without what is no character, for whoever takes only those."""
    return text if text.isascii() else octets(text).decode("utf-8", "replace")
