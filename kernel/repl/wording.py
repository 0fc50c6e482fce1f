"""Words for people, where they depend on a number."""


def counted(count: int, one: str, many: str = "") -> str:
    """``1 variable``, ``2 variables``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
