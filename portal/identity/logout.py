"""Logging out at the provider as well (OpenID Connect RP-Initiated Logout 1.0)."""

from urllib.parse import urlencode

from portal.identity.failures import LoginFailed
from portal.identity.lifecycle import Ended
from portal.identity.providers import KnownProvider
from portal.identity.quirks import logout_parameters

LONGEST_HINT = 4_000
"""An ID token that would make the address too long for some servers is left out; the client id has to do then."""


async def provider_logout(known: KnownProvider, ended: Ended, *, back: str) -> str | None:
    """Where to send the browser so that its session at the provider ends too; None if the provider has no such place.

    Args:
        back: the page of ours to which the provider leads afterwards; it has to be registered there.
    """
    try:
        metadata = await known.metadata()
    except LoginFailed:
        return None  # logged out here, and that is what was asked for
    if metadata.end_session_endpoint is None:
        return None
    parameters = {"client_id": known.provider.client_id, "post_logout_redirect_uri": back}
    parameters |= logout_parameters(metadata.issuer, back)
    if ended.id_token and len(ended.id_token) <= LONGEST_HINT:
        parameters["id_token_hint"] = ended.id_token
    separator = "&" if "?" in metadata.end_session_endpoint else "?"
    return metadata.end_session_endpoint + separator + urlencode(parameters)
