"""What the customer profile portal keeps with a party and with a note: a module for Tryton 8.2."""

from trytond.pool import Pool

from . import mechanism, note, party

__all__ = ["register"]


def register():
    """Tell Tryton which models this module extends."""
    Pool.register(mechanism.ContactMechanism, note.Note, party.Party, module="customer_portal", type_="model")
