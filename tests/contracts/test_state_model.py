"""Every store does what a dictionary would, whatever is done to it in whatever order."""

import pytest

from tests.support.store_model import check_against_model
from tests.support.stores import DURABLE, STORES

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", STORES)
def test_a_store_is_like_a_dictionary(name: str) -> None:
    """Values, versions, lives, conflicts, transactions and snapshots are those of the model."""
    check_against_model(STORES[name], is_durable=name in DURABLE, examples=25)
