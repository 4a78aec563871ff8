"""Who can sign in to the demo."""

from collections.abc import Mapping
from dataclasses import dataclass, field

CUSTOMERS_CLIENT = "northwind-customers"
STAFF_CLIENT = "northwind-staff"


@dataclass(frozen=True)
class Person:
    """Somebody whom the demo's identity provider knows; `login` is the subject it vouches for."""

    login: str
    given_name: str
    family_name: str
    what: str
    locale: str = "en"
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def customer(self) -> bool:
        return "customer_number" in self.more

    @property
    def claims(self) -> dict[str, object]:
        """What the identity provider says about them."""
        return {
            "email": f"{self.login}@example.com",
            "email_verified": True,
            "name": self.name,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "locale": self.locale,
            **self.more,
        }


PEOPLE = (
    Person("alice", "Alice", "Marsh", "customer 20418", more={"customer_number": "20418"}),
    Person("bob", "Bob", "Keller", "customer 20977, speaks German", "de", {"customer_number": "20977"}),
    Person("grace", "Grace", "Okafor", "agent, works at the desk", more={"roles": ["agent"]}),
    Person("oscar", "Oscar", "Lindqvist", "auditor, reads the change log", more={"roles": ["auditor"]}),
    Person("olivia", "Olivia", "Brandt", "operator, watches the synchronisation", more={"roles": ["operator"]}),
)
