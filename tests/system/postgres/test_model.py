"""PostgresStore does what a dictionary would."""

from kernel.state.postgres import PostgresStore
from tests.support.store_model import check_against_model
from tests.system.postgres.server import PostgresServer


def test_the_store_is_like_a_dictionary(empty: PostgresServer) -> None:
    """Values, versions, lives, conflicts, transactions and snapshots are those of the model."""
    folders = set()

    def open_(folder, clock):
        store = PostgresStore(empty.url, clock)
        if folder not in folders:
            for scope in store.scopes():
                for key, _ in list(store.scan(scope)):
                    store.delete(scope, key)
            store.purge(float("inf"))
        folders.add(folder)
        return store

    check_against_model(open_, is_durable=True, examples=15)
