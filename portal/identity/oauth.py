"""The authorization code flow with PKCE (RFC 6749, RFC 7636), where it is OAuth 2.0: Authlib's plumbing, our client."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from portal.identity.client_authentication import Credentials
from portal.identity.discovery import Metadata
from portal.identity.failures import ProviderMistaken, Refused
from portal.identity.provider import Provider
from portal.identity.remote import ask
from portal.identity.transaction import Opened, Transaction

OLDEST_LOGIN = 30 * 86_400
"""Seconds. Asked of every login, because only then the standard has the provider say when the person last proved who
they are (auth_time). For its own sake it asks somebody anew once a month, and is not insisted on."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was exchanged for. The access token is used for userinfo and then forgotten."""

    access_token: str
    id_token: str


def authorization_request(
    provider: Provider, opened: Opened, *, language: str, prompt: str | None = None
) -> dict[str, str]:
    """What is asked of the provider; `code_verifier` stays here."""
    transaction, wanted = opened.transaction, opened.transaction.wanted
    challenge = create_s256_code_challenge(transaction.code_verifier)  # type: ignore[no-untyped-call]
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": transaction.redirect_uri,
        "scope": provider.settings.scopes,
        "state": opened.state,
        "nonce": transaction.nonce,
        "code_challenge": str(challenge),
        "code_challenge_method": "S256",
        "ui_locales": language,
        "prompt": prompt,
        "max_age": str(OLDEST_LOGIN if wanted.max_age is None else wanted.max_age),
        "acr_values": " ".join(wanted.acr_values) or None,
    }
    return {name: value for name, value in asked.items() if value is not None}


async def push(
    http: httpx2.AsyncClient, metadata: Metadata, asked: Mapping[str, str], credentials: Credentials
) -> dict[str, str]:
    """Send the request ahead (RFC 9126), so that nobody in between reads or alters it: gives what is left for the
    browser to carry.

    Raises:
        ProviderMistaken: the provider does not take it.
        ProviderDown: it does not answer.
    """
    assert metadata.pushed_endpoint is not None
    body = urlencode({**asked, **credentials.form})
    headers = FORM | credentials.headers
    answer = await ask(http, "POST", metadata.pushed_endpoint, content=body, headers=headers)
    if answer.status not in (200, 201):
        error = str(answer.body.get("error", "no error"))[:100]
        raise ProviderMistaken(f"the pushed authorization request endpoint answers {answer.status}, {error!r}")
    request_uri = answer.body.get("request_uri")
    if not isinstance(request_uri, str) or not request_uri:
        raise ProviderMistaken("the pushed authorization request endpoint answers without a request_uri")
    return {"client_id": asked["client_id"], "request_uri": request_uri}


def authorization_url(metadata: Metadata, asked: Mapping[str, str]) -> str:
    """Where the browser goes to prove who is using it."""
    return str(add_params_to_uri(metadata.authorization_endpoint, list(asked.items())))


async def exchange(
    http: httpx2.AsyncClient, metadata: Metadata, transaction: Transaction, code: str, credentials: Credentials
) -> Tokens:
    """Exchange the code for tokens.

    Raises:
        Refused: the provider does not take the code.
        ProviderMistaken: it does not take us, or answers without tokens.
        ProviderDown: it does not answer.
    """
    body = prepare_token_request(
        "authorization_code",
        code=code,
        redirect_uri=transaction.redirect_uri,
        code_verifier=transaction.code_verifier,
        **credentials.form,
    )
    headers = FORM | credentials.headers
    answer = await ask(http, "POST", metadata.token_endpoint, content=body, headers=headers)
    if answer.status != 200:
        error = str(answer.body.get("error", "no error"))[:100]
        kind = Refused if error == "invalid_grant" else ProviderMistaken
        raise kind(f"the token endpoint answers {answer.status}, {error!r}")
    access_token, id_token = answer.body.get("access_token"), answer.body.get("id_token")
    if not isinstance(access_token, str) or not isinstance(id_token, str):
        raise ProviderMistaken("the token endpoint answers without an access token or an ID token")
    if str(answer.body.get("token_type", "")).lower() != "bearer":
        raise ProviderMistaken("the token endpoint answers with a token that is no bearer token")
    return Tokens(access_token, id_token)


async def userinfo(http: httpx2.AsyncClient, metadata: Metadata, access_token: str, subject: str) -> dict[str, Any]:
    """What else the provider says about the person; nothing where it has no such endpoint.

    Raises:
        Refused: it speaks of somebody else (OpenID Connect Core, section 5.3.2).
    """
    if metadata.userinfo_endpoint is None:
        return {}
    headers = {"Authorization": f"Bearer {access_token}"}
    answer = await ask(http, "GET", metadata.userinfo_endpoint, headers=headers)
    if answer.status != 200:
        raise ProviderMistaken(f"the userinfo endpoint answers {answer.status}")
    if answer.body.get("sub") != subject:
        raise Refused("userinfo: sub is not that of the ID token")
    return answer.body
