"""The portal on a database of each module's own, so that what is counted is what the test has made."""

from tests.integration.desk.conftest import alice, own_settings, own_stores, own_url, served, stage, statements, stores

__all__ = ["alice", "own_settings", "own_stores", "own_url", "served", "stage", "statements", "stores"]
