"""A field of the catalogue of each kind."""

from portal.catalogue.model import AgentAccess, CustomerAccess, Field, Kind, Owner

CHOICES = {"one": {"en": "One", "de": "Eins"}, "two": {"en": "Two", "de": "Zwei"}}


def a_field(kind: Kind, *, required: bool = False) -> Field:
    return Field(
        key="thing", section="about", kind=kind, labels={"en": "Thing", "de": "Ding"}, help={}, owner=Owner.PORTAL,
        customer=CustomerAccess.EDIT, agent=AgentAccess.VIEW, required=required, sensitive=False, max_length=40,
        choices=CHOICES if kind in (Kind.CHOICE, Kind.CHOICES) else {}, crm={},
    )  # fmt: skip
