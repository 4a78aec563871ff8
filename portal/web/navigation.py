"""How a browser came to ask for a page."""

from starlette.requests import Request


def wanted_by_somebody(request: Request) -> bool:
    """Whether a person came here by what they did: a click, an address that they typed, a page of ours. Where another
    site's page leads here by itself, nobody who is still logged in at the provider gets a session that they never asked
    for. Browsers that do not say (Fetch Metadata) are believed."""
    site = request.headers.get("sec-fetch-site", "none")
    clicked = request.headers.get("sec-fetch-user") == "?1" and request.headers.get("sec-fetch-dest") == "document"
    return site in ("none", "same-origin") or clicked
