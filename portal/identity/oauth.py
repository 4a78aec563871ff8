"""The authorization code flow with PKCE (RFC 6749, RFC 7636), where it is OAuth 2.0: Authlib's plumbing, our client."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
from authlib.integrations.httpx_client import OAuth2ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from portal.identity.discovery import Metadata
from portal.identity.failures import ProviderMistaken, Refused
from portal.identity.provider import Provider
from portal.identity.remote import ask
from portal.identity.transaction import Transaction

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was exchanged for. The access token is used for userinfo and then forgotten."""

    access_token: str
    id_token: str


def authorization_url(
    provider: Provider, metadata: Metadata, transaction: Transaction, state: str, *, language: str, prompt: str | None
) -> str:
    """Where the browser goes to prove who is using it."""
    wanted = transaction.wanted
    more = {
        "prompt": prompt,
        "max_age": None if wanted.max_age is None else str(wanted.max_age),
        "acr_values": " ".join(wanted.acr_values) or None,
    }
    url = prepare_grant_uri(
        metadata.authorization_endpoint,
        provider.client_id,
        "code",
        redirect_uri=transaction.redirect_uri,
        scope=provider.settings.scopes,
        state=state,
        nonce=transaction.nonce,
        code_challenge=create_s256_code_challenge(transaction.code_verifier),  # type: ignore[no-untyped-call]
        code_challenge_method="S256",
        ui_locales=language,
        **{name: value for name, value in more.items() if value is not None},
    )
    return str(url)


async def exchange(
    http: httpx2.AsyncClient, provider: Provider, metadata: Metadata, transaction: Transaction, code: str
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
    )
    auth = client_authentication(provider, metadata)
    answer = await ask(http, "POST", metadata.token_endpoint, content=body, headers=FORM, auth=auth)
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


def client_authentication(provider: Provider, metadata: Metadata) -> httpx2.Auth:
    """How we show the provider who we are, of the ways that it takes."""
    secret = provider.settings.client_secret.get_secret_value()
    if not secret:
        return OAuth2ClientAuth(provider.client_id, None, "none")
    if "client_secret_basic" in metadata.client_authentication:
        # RFC 6749, section 2.3.1, wants both encoded as in a form; Authlib leaves that to its caller.
        return OAuth2ClientAuth(quote(provider.client_id, safe=""), quote(secret, safe=""), "client_secret_basic")
    if "client_secret_post" in metadata.client_authentication:
        return OAuth2ClientAuth(provider.client_id, secret, "client_secret_post")
    raise ProviderMistaken("the provider takes a client secret neither as HTTP Basic nor in the body")
