"""Whoever edits a contact mechanism by itself has edited its party: so the portal hears of it, and overwrites nothing
that it has not seen."""

from sql.functions import CurrentTimestamp
from trytond.pool import Pool, PoolMeta
from trytond.tools import reduce_ids
from trytond.transaction import Transaction


class ContactMechanism(metaclass=PoolMeta):
    __name__ = "party.contact_mechanism"

    @classmethod
    def on_modification(cls, mode, mechanisms, field_names=None):
        super().on_modification(mode, mechanisms, field_names=field_names)
        transaction, party = Transaction(), Pool().get("party.party").__table__()
        if parties := {mechanism.party.id for mechanism in mechanisms if mechanism.party}:
            # Past the model: a party that is being written is not to be written again from within.
            transaction.connection.cursor().execute(
                *party.update(
                    [party.write_date, party.write_uid],
                    [CurrentTimestamp(), transaction.user],
                    where=reduce_ids(party.id, parties),
                )
            )
