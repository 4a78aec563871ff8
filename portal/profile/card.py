"""A section of the profile as a card: the fields that the customer may see; hidden ones never leave the server."""

from portal.cards.card import Card
from portal.catalogue.model import Catalogue, CustomerAccess, Section
from portal.catalogue.told import words


def section_card(catalogue: Catalogue, section: Section) -> Card | None:
    """None where the section has nothing for the customer to see."""
    shown = [f for f in catalogue.section_fields(section.key) if f.customer is not CustomerAccess.HIDDEN]
    if not shown:
        return None
    can_change = any(field.customer is CustomerAccess.EDIT for field in shown)
    content = {"section": section, "fields": shown, "can_change": can_change}
    return Card(f"profile-{section.key}", words(section.labels), "profile/_card.html", content)
