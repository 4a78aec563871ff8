"""The shape of catalogue.toml, table by table, before anything is asked about how they fit together."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator
from pydantic import Field as Setting

from portal.catalogue.model import AgentAccess, CrmType, CustomerAccess, Kind, LawfulBasis, Owner
from portal.record.models import ConsentStatus, System, Use

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class Labels(Entry):
    en: Text
    de: Text


class CrmField(Entry):
    """`crm.sales = "Pronouns__c"`, or a table where the name alone does not say enough."""

    name: Text
    type: CrmType | None = None
    values: dict[str, Text] = {}

    @model_validator(mode="after")
    def _each_its_own(self) -> Self:
        if len(set(self.values.values())) < len(self.values):
            raise ValueError("two values have the same name there, so that nobody could tell which one comes back")
        return self


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Named = Annotated[CrmField, BeforeValidator(_named)]


class Section(Entry):
    label: Labels
    agent_label: Labels | None = None
    help: Labels | None = None


class Field(Entry):
    section: str
    kind: Kind
    label: Labels
    help: Labels | None = None
    owner: Owner = Owner.PORTAL
    customer: CustomerAccess = CustomerAccess.EDIT
    agent: AgentAccess = AgentAccess.VIEW
    required: bool = False
    sensitive: bool = False
    max_length: int = Setting(default=0, ge=0, le=10_000)
    choices: dict[str, Labels] = {}
    crm: dict[str, Named] = {}


class Channel(Entry):
    label: Labels
    system: System
    uses: list[Use] = []
    immediate: bool = False


class Purpose(Entry):
    label: Labels
    help: Labels | None = None
    lawful_basis: LawfulBasis
    default: ConsentStatus = ConsentStatus.NOT_SEEN
    channels: list[str] | None = None
    locked: list[str] = []
    notice: str
    crm: dict[str, dict[str, Named]] = {}


class Notice(Entry):
    version: Text
    text: Labels


class CrmContactPoint(Entry):
    system: System
    uses: list[Use] = []
    owner: Owner = Owner.SHARED
    crm: dict[str, Named]


class CrmNames(Entry):
    crm: dict[str, Named] = {}


class File(Entry):
    sections: dict[str, Section]
    fields: dict[str, Field]
    channels: dict[str, Channel]
    purposes: dict[str, Purpose]
    notices: dict[str, Notice]
    contact_points: dict[str, CrmContactPoint] = {}
    summary: CrmNames = CrmNames()
    restriction: CrmNames = CrmNames()
