"""Times as scripts see them."""

from datetime import UTC, datetime


def moment(seconds: float) -> str:
    """A time as text, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
