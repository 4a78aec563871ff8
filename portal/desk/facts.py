"""The sections of the profile as an agent reads them: values in words, who said so and when, and what is new."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from portal.catalogue.model import AgentAccess, Catalogue, CustomerAccess, Field
from portal.catalogue.told import told, words
from portal.crm.embedded.card import Card
from portal.desk.forms import editable
from portal.desk.said import News, Said, field_said


@dataclass(frozen=True, slots=True)
class Row:
    """One field.

    Attributes:
        edited: an agent's word stands in it.
        was: what it said at the agent's last visit, if that was something else.
        hidden: the customer does not see it.
    """

    key: str
    label: str
    value: str
    edited: bool
    fresh: bool
    was: str | None
    said: Said | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class SectionFacts:
    key: str
    title: str
    editable: bool
    rows: tuple[Row, ...]


def sections(catalogue: Catalogue, card: Card, new: News, agent: UUID) -> list[SectionFacts]:
    """The sections in which an agent has something to see."""
    found = (_section(catalogue, key, card, new, agent) for key in catalogue.sections)
    return [section for section in found if section.rows]


def _section(catalogue: Catalogue, key: str, card: Card, new: News, agent: UUID) -> SectionFacts:
    rows = tuple(_rows(catalogue.section_fields(key), card, new, agent))
    return SectionFacts(key, words(catalogue.sections[key].agent_labels), editable(catalogue, key), rows)


def _rows(fields: Iterable[Field], card: Card, new: News, agent: UUID) -> Iterable[Row]:
    for field in fields:
        if field.agent is AgentAccess.HIDDEN:
            continue
        fresh = field.path in new.before
        yield Row(
            key=field.key,
            label=words(field.labels),
            value=told(card.record.profile.get(field.key), field),
            edited=field.key in card.edited_by,
            fresh=fresh,
            was=told(new.before[field.path], field) if fresh else None,
            said=field_said(card, field, agent),
            hidden=field.customer is CustomerAccess.HIDDEN,
        )
