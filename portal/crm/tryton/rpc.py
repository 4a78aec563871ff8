"""Calling Tryton's models, and its way of writing values.

https://docs.tryton.org/latest/server/topics/ (JSON-RPC at /<database>/rpc/, login by `common.db.login`, header
`Authorization: Session`). Each call is one transaction; an error comes with 200, as a list of its name and words. Dates
and times are objects with a `__class__` (trytond/protocols/jsonrpc.py).
"""

import base64
from datetime import UTC, datetime
from itertools import count
from typing import Any

from portal.crm.answers import CallFailed, phrase
from portal.crm.http import Http, Vendor
from portal.crm.port import Ambiguous, Reject, Retry
from portal.crm.said import Own
from portal.crm.session import Session
from portal.crm.setup import Setup

CONCURRENCY = "ConcurrencyException"
UNIQUE = ("Another party is this customer's already.", "This change is noted already.")
"""What the module says when somebody else was faster (contrib/tryton/customer_portal/message.xml)."""
PASSING = ("locked", "serialize", "deadlock", "timeout")


class Refused(CallFailed):
    """Tryton answers with an error; `name` is the error's, where it has one."""

    def __init__(self, name: str, outcome: Retry | Reject) -> None:
        super().__init__(outcome)
        self.name = name


class Rpc:
    """One database of one server."""

    def __init__(self, setup: Setup) -> None:
        self._path = f"{setup.settings.url.rstrip('/')}/{setup.settings.database}/rpc/"
        self._user, self._password = setup.settings.username, setup.secret("password")
        self.http = Http(setup, Vendor(lambda _body: ""), Session("Session", self._log_in).headers)
        self._ids = count(1)

    async def call(self, method: str, *arguments: Any, writes: bool = False) -> Any:
        """What a method of a model answers, such as `party.party.read`.

        Raises:
            Refused: Tryton says why not.
            CallFailed: it does not answer.
        """
        return await self._ask(f"model.{method}", list(arguments), writes=writes)

    async def _log_in(self) -> str:
        arguments = [self._user, {"password": self._password}, "en"]
        found = await self._ask("common.db.login", arguments, writes=False, anonymous=True)
        if not isinstance(found, list) or len(found) < 2:
            raise CallFailed(Retry(Own.LOGIN_SETTINGS))
        return base64.b64encode(f"{self._user}:{found[0]}:{found[1]}".encode()).decode()

    async def _ask(self, method: str, arguments: list[Any], *, writes: bool, anonymous: bool = False) -> Any:
        body = {"id": next(self._ids), "method": method, "params": arguments}
        ask = self.http.write if writes else self.http.read
        answer = await ask("POST", self._path, body=body, anonymous=anonymous)
        if isinstance(answer.body, dict) and isinstance(answer.body.get("error"), list):
            raise _refused(answer.body["error"])
        if not isinstance(answer.body, dict) or "result" not in answer.body:
            why = Own.UNREADABLE
            raise CallFailed(Ambiguous(why) if writes else Retry(why), answer)
        return answer.body["result"]


def _refused(error: list[Any]) -> Refused:
    name = str(error[0]) if error else ""
    rest = error[1] if len(error) > 1 else ""
    said = phrase(" ".join(str(one) for one in rest if one) if isinstance(rest, list) else f"{rest or name}") or name
    passing = name == CONCURRENCY or said in UNIQUE or any(word in said.lower() for word in PASSING)
    return Refused(name, Retry(said) if passing else Reject(said or Own.REFUSED))


def moment(at: datetime) -> dict[str, Any]:
    """A time, which Tryton keeps in UTC."""
    at = at.astimezone(UTC)
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{part: getattr(at, part) for part in parts}}


def read_moment(value: Any) -> datetime:
    """The inverse of `moment`."""
    parts = {part: int(number) for part, number in value.items() if part != "__class__"}
    return datetime(tzinfo=UTC, **parts)
