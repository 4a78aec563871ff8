"""Rooms that no portal has, in which a test can do what no real one does."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal.services import services
from portal.settings import StaffRole
from portal.web import live
from portal.web.forms import read_form, section_form
from portal.web.intention import intention
from portal.web.policy import customers, staff, viewer
from portal.web.responses import page


def with_test_rooms(app: Starlette) -> Starlette:
    """Add them to an application."""
    app.router.routes[:0] = [
        Route("/test/section", customers(_section), methods=["GET", "POST"]),
        Route("/test/live", customers(_live)),
        Route("/test/agents", staff(StaffRole.AGENT)(_who)),
        Route("/test/customers", customers(_who)),
        Route("/test/breaks", customers(_breaks), methods=["GET", "POST"]),
    ]
    return app


async def _section(request: Request) -> Response:
    """What a form made from the catalogue takes, and what would be wanted of the record."""
    form = section_form(services(request).catalogue, "about")(await read_form(request))
    if not form.validate():
        return JSONResponse({"errors": form.errors}, 422)
    wanted = intention(request, form, "profile:changed")
    facts = {"seen": wanted.seen, "request": str(wanted.request), "actor": wanted.actor.id}
    return JSONResponse({"values": form.values({}), "personal": dict(wanted.evidence.personal), **facts})


async def _live(request: Request) -> Response:
    customer = viewer(request).customer_id
    assert customer is not None
    return await live.stream(request, customer)


async def _who(request: Request) -> Response:
    return page(request, "home/public.html", {"name": viewer(request).name})


async def _breaks(request: Request) -> Response:
    raise RuntimeError("the secret of Alice")
