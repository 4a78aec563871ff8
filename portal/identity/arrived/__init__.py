"""Somebody is back from their provider, who vouches for them: one function for each purpose that a login may have.

Each is given the request, the provider, the transaction that is used up by now, and what the provider said. It answers
with a page or the way to one, and may raise `LoginFailed`: the person is then told that nothing has changed, and how to
begin again.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from portal.identity.arrived.link import link
from portal.identity.arrived.login import come_in
from portal.identity.arrived.step_up import step_up
from portal.identity.flow import Arrival
from portal.identity.providers import KnownProvider
from portal.identity.transaction import Purpose, Transaction

Arrived: TypeAlias = Callable[[Request, KnownProvider, Transaction, Arrival], Awaitable[Response]]

ARRIVED: dict[Purpose, Arrived] = {Purpose.LOGIN: come_in, Purpose.LINK: link, Purpose.STEP_UP: step_up}
