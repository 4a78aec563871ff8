"""An account at a provider, as far as it is known here."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.audit.entry import Evidence
from portal.identity import claims
from portal.identity.flow import Arrival


@dataclass(frozen=True, slots=True)
class Account:
    """Issuer and subject say which it is, for ever; the rest is what the provider said of it last. `provider` is the
    name in the settings. An address is verified only where the provider says so with a boolean true."""

    provider: str
    issuer: str
    subject: str
    name: str
    email: str | None = None
    email_verified: bool = False

    @property
    def verified_email(self) -> str | None:
        return self.email if self.email_verified else None

    @property
    def told(self) -> str:
        """What to call it, so that somebody with several knows which one is meant."""
        return self.name if self.email in (None, self.name) else f"{self.name} ({self.email})"


def account(arrival: Arrival) -> Account:
    """The account of somebody who has arrived."""
    email = claims.text(arrival.claims.get("email"))
    return Account(
        provider=arrival.proof.provider,
        issuer=arrival.issuer,
        subject=arrival.subject,
        name=claims.display_name(arrival.claims, arrival.subject),
        email=email,
        email_verified=email is not None and arrival.claims.get("email_verified") is True,
    )


def evidence(basis: str, of: Account, personal: Mapping[str, str], **facts: str) -> Evidence:
    """How it is known whose an account is, as the change record keeps it.

    Args:
        personal: the address and browser of who did it, and their name where they are staff.
    """
    return Evidence({"basis": basis, "provider": of.provider, **facts}, {**personal, "account": of.told})
