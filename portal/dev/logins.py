"""Who can sign in to the demo."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CUSTOMERS_CLIENT = "northwind-customers"
STAFF_CLIENT = "northwind-staff"


def _(text: str) -> str:
    """Collected for translation, and said in the language of who reads it."""
    return text


@dataclass(frozen=True)
class Login:
    """Somebody whom the demo's identity provider knows; `subject` is what it vouches for."""

    subject: str
    given_name: str
    family_name: str
    what: str
    email: str
    locale: str = "en"
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def customer(self) -> bool:
        return "roles" not in self.more

    @property
    def claims(self) -> dict[str, object]:
        """What the identity provider says about them."""
        return {
            "email": self.email,
            "email_verified": True,
            "name": self.name,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "locale": self.locale,
            **self.more,
        }


LOGINS = (
    Login("alice", "Alice", "Marsh", _("customer 20418"), "alice@example.com", more={"customer_number": "20418"}),
    Login(
        "bob", "Bob", "Keller", _("customer 20977, speaks German"), "bob.keller@example.com", "de",
        {"customer_number": "20977"},
    ),
    Login(
        "amara", "Amara", "Nwosu", _("customer 20102, not connected yet: Grace can do it"), "amara.nwosu@example.com",
    ),
    Login("grace", "Grace", "Okafor", _("agent, works at the desk"), "grace@example.com", more={"roles": ["agent"]}),
    Login(
        "oscar", "Oscar", "Lindqvist", _("auditor, reads the change log"), "oscar@example.com",
        more={"roles": ["auditor"]},
    ),
    Login(
        "olivia", "Olivia", "Brandt", _("operator, watches the synchronisation"), "olivia@example.com",
        more={"roles": ["operator"]},
    ),
)  # fmt: skip
