"""For load balancers, orchestrators and monitoring."""

import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from portal.health.checks import problems
from portal.health.metrics import exposition
from portal.services import services


async def live(_request: Request) -> Response:
    """The process runs and answers. Restart it when it does not."""
    return PlainTextResponse("live\n")


async def ready(request: Request) -> Response:
    """200 when the database answers, its schema fits and a worker was seen lately; else 503, and why."""
    found = await problems(services(request).staff.database)
    good = not any(found.values())
    checks = {name: wrong or "ok" for name, wrong in found.items()}
    return JSONResponse({"status": "ready" if good else "not ready", "checks": checks}, 200 if good else 503)


async def metrics(request: Request) -> Response:
    """For Prometheus, with METRICS_TOKEN as bearer token. Without a token it exists in development only."""
    settings = services(request).settings
    token = settings.metrics_token.get_secret_value()
    if not token and not settings.development:
        raise HTTPException(404)
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, headers={"www-authenticate": "Bearer"})
    text = await exposition(services(request).staff.database)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
