"""One way to talk HTTP with CRMs: what an answer, or none, means for what was to be written.

An answer that promises nothing about what was written is never taken for a failure (`Ambiguous`), and one that says
that nothing was written always says whether trying again helps (`Retry`, `Reject`). The meaning of the status codes is
that of RFC 9110, and 429 that of RFC 6585; a vendor's own meanings are its connector's.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx2
import structlog

from portal import clock
from portal.crm.answers import Answer, CallFailed, outcome_of, phrase
from portal.crm.port import NO_METER, Ambiguous, Meter, Retry
from portal.crm.reach import transport
from portal.crm.said import Own
from portal.crm.setup import Setup

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 3.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024
REQUEST_IDS = ("x-request-id", "x-hubspot-correlation-id", "x-trace", "cf-ray")
"""What vendors call the number of a request, which their support asks for."""

Login: TypeAlias = Callable[[bool], Awaitable[Mapping[str, str]]]
"""Gives the headers that say who we are; True asks for new ones, because the last were refused."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an answer's headers say of the calls that are left; None where they do not say."""

    remaining: int | None = None
    limit: int | None = None
    resets_in: float | None = None


@dataclass(frozen=True, slots=True)
class Vendor:
    """What one product says in its own way.

    Attributes:
        words: what its error bodies say, in its own words.
        judge: what an answer means where it is not what its status says; None is the usual meaning.
        allowance: what its headers say of calls left.
        json: whether its answers are JSON; otherwise nobody reads them.
    """

    words: Callable[[Any], str]
    judge: Callable[[Answer], Retry | None] = lambda _answer: None
    allowance: Callable[[Mapping[str, str]], Allowance] = lambda _headers: Allowance()
    json: bool = True


class Http:
    """Calls to one CRM. `meter` counts them; each has `deadline` seconds, all in all; `login` says who we are, where a
    call is not `anonymous`."""

    def __init__(self, setup: Setup, vendor: Vendor, login: Login | None = None) -> None:
        self.meter: Meter = NO_METER
        self._name = setup.name
        self._vendor = vendor
        self.login = login
        self.deadline = setup.settings.timeout_seconds
        self._client = httpx2.AsyncClient(
            base_url=setup.settings.url,
            transport=transport(allow_private=setup.settings.allow_private),
            timeout=httpx2.Timeout(self.deadline, connect=min(CONNECT_SECONDS, self.deadline)),
            headers={"user-agent": "customer-profile-portal", "accept": "application/json"},
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def read(self, method: str, path: str, **request: Any) -> Answer:
        """A call that changes nothing there.

        Raises:
            CallFailed: with Retry or Reject.
        """
        return await self._call(method, path, writes=False, **request)

    async def write(self, method: str, path: str, **request: Any) -> Answer:
        """A call that changes something there.

        Raises:
            CallFailed: with Retry, Reject or Ambiguous.
        """
        return await self._call(method, path, writes=True, **request)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        writes: bool,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        anonymous: bool = False,
    ) -> Answer:
        login = None if anonymous else self.login
        if body is not None:
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            headers = {"content-type": "application/json"} | dict(headers or {})

        async def ask(fresh: bool) -> Answer:
            who = await login(fresh) if login else {}
            request = self._client.build_request(
                method, path, params=params, content=content, data=form, headers={**(headers or {}), **who}
            )
            return await self._send(request, writes=writes)

        answer = await ask(False)
        if answer.status == 401 and login:
            answer = await ask(True)
        return self._judged(answer, writes=writes)

    async def _send(self, request: httpx2.Request, *, writes: bool) -> Answer:
        began = clock.current.monotonic()
        try:
            async with asyncio.timeout(self.deadline):
                answer = await self._exchange(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol) as error:
            self._note(request, began, type(error).__name__)
            raise CallFailed(Retry(Own.UNREACHABLE.of(said=phrase(str(error)) or type(error).__name__))) from None
        except (httpx2.HTTPError, TimeoutError) as error:
            self._note(request, began, type(error).__name__)
            why = Own.NO_ANSWER if isinstance(error, TimeoutError | httpx2.TimeoutException) else Own.LINE_BROKE
            raise CallFailed(Ambiguous(why) if writes else Retry(why)) from None
        self._note(request, began, str(answer.status), answer.headers)
        return answer

    async def _exchange(self, request: httpx2.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            received = bytearray()
            async for piece in response.aiter_bytes():
                received += piece
                if len(received) > MAX_ANSWER_BYTES:
                    raise httpx2.DecodingError("the answer is too long")
        finally:
            await response.aclose()
        return Answer.of(response.status_code, dict(response.headers), bytes(received))

    def _judged(self, answer: Answer, *, writes: bool) -> Answer:
        if answer.ok and (answer.understood or not self._vendor.json):
            return answer
        if own := self._vendor.judge(answer):
            raise CallFailed(own, answer)
        raise CallFailed(outcome_of(answer, self._vendor.words, writes=writes), answer)

    def _note(
        self, request: httpx2.Request, began: float, became: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Count the call, and log that it was made: without what was asked or said, which is about people."""
        left = self._vendor.allowance(headers) if headers is not None else Allowance()
        self.meter.spent(remaining=left.remaining, limit=left.limit, resets_in=left.resets_in)
        log.debug(
            "crm call",
            connector=self._name,
            method=request.method,
            became=became,
            milliseconds=round((clock.current.monotonic() - began) * 1000),
            request_id=next((headers[name] for name in REQUEST_IDS if name in headers), None) if headers else None,
        )


class Calling:
    """A connector that calls one CRM."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def meter(self) -> Meter:
        """Who counts the calls."""
        return self._http.meter

    @meter.setter
    def meter(self, meter: Meter) -> None:
        self._http.meter = meter

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._http.aclose()
