"""Which change record a note tells of: each is told once."""

from trytond.model import Unique, fields
from trytond.pool import PoolMeta


class Note(metaclass=PoolMeta):
    __name__ = "ir.note"

    portal_entry = fields.Char("Portal Entry")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        unique = ("portal_entry_unique", Unique(table, table.portal_entry), "customer_portal.msg_portal_entry_unique")
        cls._sql_constraints.append(unique)
