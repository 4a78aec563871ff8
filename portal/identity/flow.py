"""From a click on "Log in" to the provider and back: what is sent, and what is believed of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from portal.db.database import Database
from portal.identity import claims, oauth
from portal.identity.discovery import Metadata
from portal.identity.failures import Declined, ProviderDown, Refused
from portal.identity.id_token import Expected, IdToken, validate
from portal.identity.lifecycle import Proof
from portal.identity.providers import KnownProvider
from portal.identity.transaction import Opened, Transaction, Wanted, keep, prepare

LATER = ("temporarily_unavailable", "server_error")


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and what it has to bring back."""

    url: str
    opened: Opened


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody for whom the provider vouches. `claims` are the ID token's, and userinfo's where that says more."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]
    proof: Proof


async def depart(
    known: KnownProvider,
    database: Database,
    wanted: Wanted,
    *,
    redirect_uri: str,
    language: str,
    prompt: str | None = None,
) -> Departure:
    """Begin a login.

    Raises:
        ProviderDown, ProviderMistaken: there is nobody to log in with at present.
    """
    provider, metadata = known.provider, await known.metadata()
    opened = prepare(provider.audience, provider.name, metadata.issuer, redirect_uri, wanted)
    asked = oauth.authorization_request(provider, opened, language=language, prompt=prompt)
    if metadata.pushed_endpoint is not None:
        asked = await oauth.push(known.http, metadata, asked, await known.credentials(metadata))
    await keep(database, opened)
    return Departure(oauth.authorization_url(metadata, asked), opened)


async def arrive(known: KnownProvider, transaction: Transaction, answer: QueryParams) -> Arrival:
    """Judge the provider's answer to a transaction that has been consumed.

    Raises:
        LoginFailed: it is not the answer to our question, or says no, or cannot be looked into at present.
    """
    provider = known.provider
    if (transaction.provider, transaction.issuer) != (provider.name, provider.issuer):
        raise Refused("callback: the login was begun with another provider")
    metadata = await known.metadata()
    _from_the_provider(answer, metadata)
    _not_declined(answer)
    code = _once(answer, "code")
    if not code:
        raise Refused("callback: no code")
    tokens = await oauth.exchange(known.http, metadata, transaction, code, await known.credentials(metadata))
    id_token = await validate(tokens.id_token, _expected(known, transaction, tokens.access_token), known.signing_keys)
    more = await oauth.userinfo(known.http, metadata, tokens.access_token, id_token.subject)
    return _arrival(id_token, more, provider.name, tokens.id_token)


def _from_the_provider(answer: QueryParams, metadata: Metadata) -> None:
    """RFC 9207: the answer, also one that says no, comes from the provider that was asked, and not from another one."""
    issuer = _once(answer, "iss")
    if issuer is None and metadata.names_itself:
        raise Refused("callback: iss is missing")
    if issuer is not None and issuer != metadata.issuer:
        raise Refused("callback: iss is another")


def _not_declined(answer: QueryParams) -> None:
    error = _once(answer, "error")
    if error in LATER:
        raise ProviderDown(f"callback: the provider says {error}")
    if error is not None:
        raise Declined(f"callback: the provider says {error[:100]!r}")


def _once(answer: QueryParams, name: str) -> str | None:
    values = answer.getlist(name)
    if len(values) > 1:
        raise Refused(f"callback: {name} stands there more than once")
    return values[0] if values else None


def _expected(known: KnownProvider, transaction: Transaction, access_token: str) -> Expected:
    return Expected(
        transaction.issuer,
        known.provider.client_id,
        transaction.nonce,
        access_token,
        max_age=transaction.wanted.max_age,
        acr_values=transaction.wanted.acr_values,
        trust_login_time=known.provider.settings.trust_login_time,
    )


def _arrival(id_token: IdToken, more: Mapping[str, Any], provider: str, hint: str) -> Arrival:
    return Arrival(
        id_token.issuer,
        id_token.subject,
        claims.merged(id_token.claims, more),
        Proof(provider, hint, id_token.authenticated_at, id_token.acr, id_token.sid),
    )
