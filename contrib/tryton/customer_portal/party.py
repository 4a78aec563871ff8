"""Which customer of the portal a party is, which version of the record was written last, and what of it."""

from trytond.model import Unique, fields
from trytond.pool import PoolMeta

OWN = ("portal_id", "portal_seq", "portal_fingerprint")


class Party(metaclass=PoolMeta):
    __name__ = "party.party"

    portal_id = fields.Char("Portal ID")
    portal_seq = fields.Integer("Portal Version")
    portal_fingerprint = fields.Char("Portal Fingerprint")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        unique = ("portal_id_unique", Unique(table, table.portal_id), "customer_portal.msg_portal_id_unique")
        cls._sql_constraints.append(unique)

    @classmethod
    def copy(cls, parties, default=None):
        """A copy is somebody else."""
        return super().copy(parties, default={**dict.fromkeys(OWN), **(default or {})})
