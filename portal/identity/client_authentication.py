"""How we show a provider who we are: with a secret, or with an assertion that is signed by a key of ours."""

import base64
import json
from dataclasses import dataclass, field
from urllib.parse import quote

from joserfc.jwk import ECKey
from joserfc.jws import serialize_compact

from portal import clock
from portal.audit.cipher import Undecipherable
from portal.identity import tokens
from portal.identity.client_keys import ALGORITHM, ClientKeys
from portal.identity.discovery import Metadata
from portal.identity.failures import ProviderMistaken
from portal.identity.provider import Provider
from portal.settings.providers import ClientAuthentication

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SECONDS = 60
"""How long an assertion is good for. Each is used once."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What goes along with a request to a provider's token or pushed authorization request endpoint."""

    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)


def method(provider: Provider, metadata: Metadata) -> ClientAuthentication:
    """How to do it. What the settings name is done; else what the provider says it takes.

    Raises:
        ProviderMistaken: it takes nothing that we can do.
    """
    chosen, taken = provider.settings.client_authentication, metadata.client_authentication
    if chosen is ClientAuthentication.AUTO:
        chosen = _with_secret(taken) if _secret(provider) else ClientAuthentication.PRIVATE_KEY_JWT
        if chosen.value not in taken:
            raise ProviderMistaken("no CLIENT_SECRET is set, and the provider does not take private_key_jwt")
    signatures = metadata.client_signatures
    if chosen is ClientAuthentication.PRIVATE_KEY_JWT and signatures is not None and ALGORITHM not in signatures:
        raise ProviderMistaken(f"the provider takes no private_key_jwt that is signed with {ALGORITHM}")
    return chosen


async def credentials(provider: Provider, metadata: Metadata, keys: ClientKeys) -> Credentials:
    """What shows the provider that it is us.

    Raises:
        ProviderMistaken: it takes nothing that we can do, or our key cannot be read.
    """
    match method(provider, metadata):
        case ClientAuthentication.CLIENT_SECRET_BASIC:
            # RFC 6749, section 2.3.1, wants both encoded as in a form.
            pair = f"{quote(provider.client_id, safe='')}:{quote(_secret(provider), safe='')}"
            return Credentials(headers={"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})
        case ClientAuthentication.CLIENT_SECRET_POST:
            return Credentials(form={"client_id": provider.client_id, "client_secret": _secret(provider)})
    try:
        signed = assertion(provider.client_id, metadata.issuer, await keys.signing())
    except Undecipherable as error:
        raise ProviderMistaken(f"{error}: see `portal keys show`") from error
    return Credentials(
        form={
            "client_id": provider.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": signed,
        }
    )


def assertion(client_id: str, issuer: str, key: ECKey) -> str:
    """A signed statement that it is us (RFC 7523, section 3). Its audience is the provider's issuer and nothing else:
    whoever else may get hold of it can do nothing with it at another provider."""
    now = int(clock.now().timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": tokens.new(),
        "iat": now,
        "exp": now + SECONDS,
    }
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}
    return serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[ALGORITHM])


def _with_secret(taken: frozenset[str]) -> ClientAuthentication:
    for way in (ClientAuthentication.CLIENT_SECRET_BASIC, ClientAuthentication.CLIENT_SECRET_POST):
        if way.value in taken:
            return way
    raise ProviderMistaken("the provider takes a client secret neither as HTTP Basic nor in the body")


def _secret(provider: Provider) -> str:
    return provider.settings.client_secret.get_secret_value()
