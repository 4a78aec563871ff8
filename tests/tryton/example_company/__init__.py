"""Fields that a company gave its parties: a module for Tryton 8.2, for tests."""

from trytond.pool import Pool

from . import party

__all__ = ["register"]


def register():
    Pool.register(party.Party, module="example_company", type_="model")
