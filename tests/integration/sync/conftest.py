"""The stage of these tests, and a customer who stands on it."""

from uuid import UUID

import pytest

from tests.builders import a_customer
from tests.integration.sync_stage import Stage, own_settings, own_stores, own_url, stage

__all__ = ["alice", "own_settings", "own_stores", "own_url", "stage"]


@pytest.fixture
async def alice(stage: Stage) -> UUID:
    """A customer who is in the CRM already."""
    stored = await a_customer(stage.stores.worker, language="en", account_tier="home")
    await stage.settle()
    return stored.record.id
