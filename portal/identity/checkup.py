"""What would go wrong at a login with a provider, found out beforehand from what it publishes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from joserfc.jwk import Key

from portal.identity.client_authentication import method
from portal.identity.discovery import Metadata
from portal.identity.failures import ProviderMistaken
from portal.identity.keys import ALGORITHMS, candidates
from portal.identity.provider import Provider
from portal.identity.token_rules import LEEWAY
from portal.settings.providers import CustomerProviderSettings, StaffProviderSettings

UNSAID_ALGORITHM = frozenset({"RS256"})
"""Every provider signs with it if asked to (Discovery 1.0, section 3)."""


@dataclass(frozen=True, slots=True)
class Remark:
    """`fails`: nobody could log in, or the part that it speaks of would not work; else it is advice."""

    words: str
    fails: bool


def examine(
    document: Mapping[str, Any], metadata: Metadata, keys: Iterable[Key], provider: Provider
) -> Iterator[Remark]:
    """Hold a provider's metadata and keys against what a login will need."""
    yield from _flow(document)
    yield from _signatures(document, list(keys))
    yield from _client(document, metadata, provider)
    yield from _step_up(document, provider)
    yield from _claims(document, provider)
    yield from _habits(document, metadata)


def clocks(date: str | None, now: datetime) -> Iterator[Remark]:
    """Whether the provider's clock is ours, from the Date of its answer."""
    try:
        theirs = parsedate_to_datetime(date) if date else None
    except ValueError:
        return
    if theirs is None:
        return
    seconds = round((theirs.replace(tzinfo=theirs.tzinfo or UTC) - now).total_seconds())
    if abs(seconds) > LEEWAY:
        how = "ahead of" if seconds > 0 else "behind"
        words = f"Its clock is {abs(seconds)} seconds {how} ours: tokens would be refused. Set this machine's clock."
        yield Remark(words, True)


def _flow(document: Mapping[str, Any]) -> Iterator[Remark]:
    responses, challenges = (
        _list(document, "response_types_supported"),
        document.get("code_challenge_methods_supported"),
    )
    if responses and "code" not in responses:
        yield Remark("It does not offer the authorization code flow (response type code).", True)
    if isinstance(challenges, list) and "S256" not in challenges:
        yield Remark("It offers PKCE, but not with S256, which every login uses.", True)
    elif not isinstance(challenges, list):
        yield Remark("It does not say that it checks PKCE (S256). Logins work; find out whether it does.", False)


def _signatures(document: Mapping[str, Any], keys: list[Key]) -> Iterator[Remark]:
    offered = _list(document, "id_token_signing_alg_values_supported") or UNSAID_ALGORITHM
    usable = [algorithm for algorithm in ALGORITHMS if algorithm in offered]
    if not usable:
        yield Remark(
            f"It signs ID tokens with none of {', '.join(ALGORITHMS)} (it offers {', '.join(sorted(offered))}).", True
        )
    elif not any(candidates(keys, algorithm, None) for algorithm in usable):
        yield Remark(f"Its key set has no key for {' or '.join(usable)}: every ID token would be refused.", True)


def _client(document: Mapping[str, Any], metadata: Metadata, provider: Provider) -> Iterator[Remark]:
    try:
        chosen = method(provider, metadata)
    except ProviderMistaken as error:
        yield Remark(f"It would not know who we are: {error}.", True)
        return
    if chosen.value not in metadata.client_authentication:
        taken = ", ".join(sorted(metadata.client_authentication))
        yield Remark(f"CLIENT_AUTHENTICATION is {chosen}, and it says that it takes {taken}.", True)
    scopes = _list(document, "scopes_supported")
    unknown = [scope for scope in provider.settings.scopes.split() if scopes and scope not in scopes]
    if unknown:
        yield Remark(f"It does not list {', '.join(unknown)} of SCOPES among its scopes.", False)


def _step_up(document: Mapping[str, Any], provider: Provider) -> Iterator[Remark]:
    known, wanted = _list(document, "acr_values_supported"), provider.settings.step_up_acr
    if wanted and known and not known & set(wanted):
        yield Remark(f"It knows none of STEP_UP_ACR ({', '.join(wanted)}): fresh logins would all be refused.", True)
    claims = _list(document, "claims_supported")
    if provider.settings.trust_login_time:
        yield Remark(
            "TRUST_LOGIN_TIME is on: where it does not say auth_time, each login here counts as a fresh one, also when"
            " it asked nobody for a password.",
            False,
        )
    elif claims and "auth_time" not in claims:
        yield Remark(
            "It does not list auth_time. Without it, what asks for a fresh login cannot be reached: log in and try."
            " Make it say auth_time, or see TRUST_LOGIN_TIME in docs/identity-providers.md.",
            False,
        )


def _claims(document: Mapping[str, Any], provider: Provider) -> Iterator[Remark]:
    listed, said = _list(document, "claims_supported"), provider.settings
    name = "NUMBER_CLAIM" if isinstance(said, CustomerProviderSettings) else "ROLES_CLAIM"
    claim = str(getattr(said, name.lower()))
    if claim and listed and not listed & {claim, claim.partition(".")[0]}:
        words = f"It does not list the claim {claim} of {name}. Many list only some: log in and try."
        yield Remark(words, False)
    if isinstance(said, StaffProviderSettings) and not said.roles:
        yield Remark("No claim gives a role: set ROLES, such as crm-agents=agent,internal-audit=auditor.", True)
    if isinstance(said, CustomerProviderSettings) and said.email_domains and "email" not in said.scopes.split():
        yield Remark("EMAIL_DOMAINS needs the scope email in SCOPES.", True)


def _habits(document: Mapping[str, Any], metadata: Metadata) -> Iterator[Remark]:
    if not metadata.names_itself:
        yield Remark(
            "It does not name itself in its answers (RFC 9207). With several providers, one that is hostile could pass"
            " off another's answer as its own; each has a redirect address of its own against that.",
            False,
        )
    if metadata.end_session_endpoint is None:
        yield Remark("It has no address for logging out: who logs out here stays logged in there.", False)
    if document.get("backchannel_logout_supported") is not True:
        yield Remark("It does not tell us when somebody logs out there (back-channel logout).", False)


def _list(document: Mapping[str, Any], name: str) -> frozenset[str]:
    values = document.get(name)
    return frozenset(one for one in values if isinstance(one, str)) if isinstance(values, list) else frozenset()
