"""A contact that a CRM has already, in the words of whoever finds out which customer it is."""

from portal.crm.comparing import Contact
from portal.crm.inventory import Existing
from portal.crm.mapping import CrmMap
from portal.record.models import System


def existing(contact: Contact, names: CrmMap, number_field: str, *name_fields: str) -> Existing:
    """What is known of a contact: by its name, its number, and the addresses that the catalogue knows the fields of."""

    def of(system: System) -> tuple[str, ...]:
        fields = [field for field, point in names.points.items() if point.system is system]
        return tuple(str(contact.raw[field]) for field in fields if contact.raw.get(field))

    return Existing(
        remote_id=contact.remote_id,
        customer_id=contact.customer_id,
        number=str(contact.raw.get(number_field) or "") or None,
        name=" ".join(str(contact.raw[name]) for name in name_fields if contact.raw.get(name)),
        emails=of(System.EMAIL),
        phones=of(System.PHONE),
        fields=names.from_crm(contact.raw),
    )
