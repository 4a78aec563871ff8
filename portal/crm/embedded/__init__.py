"""The built-in CRM: schema `crm` of the same database, so that the whole product works with nothing else installed.

To the engine it is a connector like any other, two-way; to agents it is what the desk shows.
"""

from portal.crm.embedded.card import NAME
from portal.crm.embedded.connector import EmbeddedCrm
from portal.crm.setup import Setup

__all__ = ["EmbeddedCrm", "connect"]


def connect(setup: Setup) -> EmbeddedCrm:
    """The connector to the built-in CRM; it needs no settings of its own, and may have another label."""
    if setup.name != NAME:
        raise setup.mistake("kind", f"the built-in CRM is always called {NAME}: CRM__{NAME.upper()}__KIND=embedded")
    return EmbeddedCrm(setup.database, setup.settings.label or EmbeddedCrm.label)
