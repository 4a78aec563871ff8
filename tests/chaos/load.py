"""Customers who change their records through the web while its processes die, and remember what was acknowledged."""

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

import httpx2

from portal.record.store import RecordStore
from portal.web.form_data import TOKEN
from tests.integration.rooms.forms_on_page import form_to
from tests.integration.web.browsing import a_browser, a_session

ABOUT = "/record/profile/about"
TRIES = 60


@dataclass
class Person:
    """One customer at a browser. `acknowledged` has, by request, what the portal said was saved, in order."""

    customer: UUID
    cookies: dict[str, str]
    acknowledged: dict[UUID, str] = field(default_factory=dict)
    sent: int = 0
    lost: int = 0

    async def use(self, origins: list[str], stop: asyncio.Event) -> None:
        """Change the same field over and over, at whichever process answers; what got no answer is sent again."""
        for number in itertools.count():
            if stop.is_set():
                return
            await self._change(origins, f"Al {number}", stop)

    async def _change(self, origins: list[str], word: str, stop: asyncio.Event) -> None:
        form = None
        for attempt in range(TRIES):
            origin = origins[(attempt + self.sent) % len(origins)]
            try:
                async with a_browser(origin, **self.cookies) as browser:
                    if form is None:
                        page = await browser.get(ABOUT)
                        if page.status_code != 200:
                            raise ConnectionError(page.status_code)
                        form = form_to(page.text, ABOUT).filled({"call_me": word})
                    self.sent += 1
                    answer = await browser.post(ABOUT, data=form, headers={"origin": origin})
            except (httpx2.TransportError, ConnectionError):
                self.lost += 1
            else:
                if answer.status_code == 303:
                    self.acknowledged[recorded_as(form)] = word
                    return
                if answer.status_code < 500:
                    return  # refused in words: nothing was promised
            if stop.is_set() and form is None:
                return
            await asyncio.sleep(0.3)


def recorded_as(form: Mapping[str, Sequence[str]]) -> UUID:
    """The request id of the change record that a form makes: portal/web/intention.py."""
    said = sorted((name, value) for name, values in form.items() if name not in (TOKEN, "seq") for value in values)
    return uuid5(UUID(form["request_id"][0]), json.dumps(said))


async def people(staff: RecordStore, customers: list[UUID]) -> list[Person]:
    """Somebody logged in for each customer."""
    return [Person(each, await a_session(staff, customer_id=each)) for each in customers]
