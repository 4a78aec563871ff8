"""One id for a request."""

from uuid import UUID

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send

from portal.web.request_id import RequestIdMiddleware


@pytest.mark.parametrize("given", ["01hzy-abc.def_9", "a" * 100, str(UUID(int=5))])
async def test_a_proxys_id_is_kept(given: str) -> None:
    assert await _ids(given, through_proxy=True) == {given}


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 101, "with space 123", "line\nbreak-123", "<script>alert", "ümlaut-12345"]
)
async def test_what_is_no_id_is_replaced(given: str) -> None:
    (found,) = await _ids(given, through_proxy=True)

    assert UUID(found).version == 7


@pytest.mark.asvs("4.1.3")
async def test_a_clients_id_is_not_taken_over() -> None:
    (found,) = await _ids("chosen-by-mallory", through_proxy=False)

    assert found != "chosen-by-mallory"


async def _ids(given: str, *, through_proxy: bool) -> set[str]:
    """The id in the state, in the log's context and in the response's header."""
    headers = [(b"x-request-id", given.encode("latin-1"))] if given else []
    scope: Scope = {"type": "http", "headers": headers, "state": {"through_proxy": through_proxy}}
    found: set[str] = set()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.update({scope["state"]["request_id"], structlog.contextvars.get_contextvars()["request_id"]})
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        found.update(value.decode() for name, value in message["headers"] if name == b"x-request-id")

    await RequestIdMiddleware(app)(scope, receive, send)
    assert "request_id" not in structlog.contextvars.get_contextvars()
    return found
