"""A database of its own, which these tests spoil."""

from tests.integration.sync_stage import own_settings, own_url

__all__ = ["own_settings", "own_url"]
