"""What providers fetch from us: the public halves of the keys by which they know us (RFC 7517)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from portal.identity.providers import providers

SECONDS = 300
"""So long may others keep it."""


async def jwks(request: Request) -> Response:
    """The current key and the next one, as a key set."""
    published = await providers(request).client_keys.published()
    headers = {"cache-control": f"public, max-age={SECONDS}"}
    return JSONResponse({"keys": [key.public for key in published]}, headers=headers)
