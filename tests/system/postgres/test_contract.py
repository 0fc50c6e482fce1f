"""PostgresStore promises what every StateStore promises."""

from tests.contracts.test_state_store import *  # noqa: F403
from tests.contracts.test_state_transactions import *  # noqa: F403
