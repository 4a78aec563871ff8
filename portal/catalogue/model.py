"""What a record may hold: the operator's catalogue as objects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from portal.audit.entry import ActorKind
from portal.record.models import ConsentStatus, ContactPoint, System, Use

Labels = Mapping[str, str]
"""A text in every interface language."""

NO_LABELS: Labels = MappingProxyType({})


class Kind(StrEnum):
    TEXT = "text"
    MULTILINE = "multiline"
    CHOICE = "choice"
    CHOICES = "choices"
    BOOLEAN = "boolean"
    DATE = "date"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    COUNTRY = "country"


class Owner(StrEnum):
    """Who wins when both sides changed a field."""

    PORTAL = "portal"  # the customer's side
    CRM = "crm"  # the agents' side
    SHARED = "shared"  # three-way merge; on a real conflict the customer


class CustomerAccess(StrEnum):
    EDIT = "edit"
    VIEW = "view"
    REQUEST = "request"  # an edit is a proposal that an agent accepts
    HIDDEN = "hidden"


class AgentAccess(StrEnum):
    EDIT = "edit"
    VIEW = "view"
    HIDDEN = "hidden"


class LawfulBasis(StrEnum):
    """GDPR article 6(1), a to f."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


class CrmType(StrEnum):
    """How a CRM writes a value."""

    TEXT = "text"  # as it is
    JOINED = "joined"  # several values in one text, with ; between them
    LIST = "list"  # several values as a list
    BOOLEAN = "boolean"
    TRUE_FALSE = "true_false"  # the words true and false
    DATE = "date"  # 2026-03-31
    MILLISECONDS = "milliseconds"  # since 1970, at midnight UTC of the day
    OPT_IN = "opt_in"  # a flag that permits
    OPT_OUT = "opt_out"  # a flag that forbids
    INTERNATIONAL = "international"  # a phone number in groups: +44 20 7946 0018


@dataclass(frozen=True, slots=True)
class CrmField:
    """What a CRM calls something. `type` is how it writes the value, where that is not its usual way; `values` is what
    it calls some of the values."""

    name: str
    type: CrmType | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """`agent_labels` is what it is called at the agents' desk, where "about you" would be the wrong person."""

    key: str
    labels: Labels
    help: Labels
    agent_labels: Labels


@dataclass(frozen=True, slots=True)
class Field:
    key: str
    section: str
    kind: Kind
    labels: Labels
    help: Labels
    owner: Owner
    customer: CustomerAccess
    agent: AgentAccess
    required: bool
    sensitive: bool
    max_length: int
    choices: Mapping[str, Labels]
    crm: Mapping[str, CrmField]

    @property
    def path(self) -> str:
        return f"profile/{self.key}"


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach a person. `system` and `uses` (empty is any) say which contact points serve it; an `immediate`
    channel interrupts somebody, so contact windows without a channel of their own apply to it."""

    key: str
    labels: Labels
    system: System
    uses: tuple[Use, ...]
    immediate: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """What is shown when somebody consents. A new text is a new version."""

    key: str
    version: str
    text: Labels


@dataclass(frozen=True, slots=True)
class Purpose:
    """`default` holds where nothing was recorded; on a `locked` channel the customer cannot opt out. `crm` is what CRMs
    call the consent on a channel, where they have no consents as such."""

    key: str
    labels: Labels
    help: Labels
    lawful_basis: LawfulBasis
    default: ConsentStatus
    locked: tuple[str, ...]
    channels: tuple[str, ...]
    notice: str
    crm: Mapping[str, Mapping[str, CrmField]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CrmContactPoint:
    """Where CRMs that have one field for each kind of address keep the first-ranked one of a system (and of some
    uses, where any are named), and who wins there when both sides changed it."""

    key: str
    system: System
    uses: tuple[Use, ...]
    crm: Mapping[str, CrmField]
    owner: Owner = Owner.SHARED

    def suits(self, point: ContactPoint) -> bool:
        """Whether a contact point may stand there."""
        return point.system is self.system and (not self.uses or point.use in self.uses)

    def first(self, points: Iterable[ContactPoint]) -> ContactPoint | None:
        """Which one stands there; None where there is none."""
        return min(filter(self.suits, points), key=lambda point: (point.rank, str(point.id)), default=None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything in the operator's order. `contact_points`, `summary` and `restriction` say where CRMs keep what they
    have no objects for: addresses, in a few words how and when to reach somebody, and whether processing is restricted
    (GDPR article 18)."""

    sections: Mapping[str, Section]
    fields: Mapping[str, Field]
    channels: Mapping[str, Channel]
    purposes: Mapping[str, Purpose]
    notices: Mapping[str, Notice]
    contact_points: Mapping[str, CrmContactPoint] = field(default_factory=dict)
    summary: Mapping[str, CrmField] = field(default_factory=dict)
    restriction: Mapping[str, CrmField] = field(default_factory=dict)

    def section_fields(self, section: str) -> list[Field]:
        """The fields of a section."""
        return [known for known in self.fields.values() if known.section == section]

    def asks_for_a_fresh_login(self, section: str) -> bool:
        """Whether a customer who changes this section has to show first, and anew, who they are."""
        return any(f.sensitive and f.customer is CustomerAccess.EDIT for f in self.section_fields(section))

    def is_sensitive(self, path: str) -> bool:
        """Whether a path is that of a sensitive field."""
        known = self.fields.get(path.removeprefix("profile/"))
        return known is not None and known.sensitive

    def may_change(self, kind: ActorKind, path: str) -> bool:
        """Whether an actor of this kind may change what a path names. The system may: it merges and imports."""
        head, *rest = path.split("/")
        if kind is ActorKind.SYSTEM:
            return True
        if kind is ActorKind.AUDITOR:
            return False
        if kind is ActorKind.OPERATOR:
            return head in ("customer", "profile", "logins")
        if head == "profile":
            known = self.fields.get(rest[0])
            if known is None:
                return False
            if kind is ActorKind.CUSTOMER:
                return known.customer is CustomerAccess.EDIT
            return known.agent is AgentAccess.EDIT
        if kind is ActorKind.AGENT:
            return head in ("notes", "logins")
        return head in ("contact_points", "contact_windows", "consents", "notes", "logins")
