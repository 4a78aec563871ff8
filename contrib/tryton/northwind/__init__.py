"""What a company adds to its own Tryton, by example: a module for Tryton 8.2, for the demo and for tests.

Two of its users have a password that everybody knows, so it is for trying out and nothing else.
"""

from trytond.pool import Pool

from . import party

__all__ = ["register"]


def register():
    """Tell Tryton which models this module extends."""
    Pool.register(party.Party, module="northwind", type_="model")
