"""Calling Odoo's models, in either of its two ways.

- JSON-2 (Odoo 19 and later): https://www.odoo.com/documentation/19.0/developer/reference/external_api.html:
  POST /json/2/<model>/<method>, arguments by name alone, the answer is the bare value, errors are 4xx and 5xx with
  `name` and `message`.
- JSON-RPC (before, and until Odoo 22): https://www.odoo.com/documentation/18.0/developer/reference/external_api.html:
  POST /jsonrpc, `execute_kw` with the login in each call; errors come with 200, in `error.data`.

Each call is one transaction of Odoo's: what answers with an error has written nothing.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Protocol

from portal.crm.answers import Answer, CallFailed, phrase
from portal.crm.http import Http, Vendor
from portal.crm.port import Ambiguous, Reject, Retry
from portal.crm.said import Own
from portal.crm.setup import Setup


class Rpc(Protocol):
    """Odoo's models."""

    http: Http

    async def call(
        self, model: str, method: str, *, ids: Sequence[int] = (), writes: bool = False, **named: Any
    ) -> Any:
        """What a method answers.

        Raises:
            CallFailed: it answers with an error, or not at all.
        """


def json2_words(body: Any) -> str:
    """What an error of JSON-2 says."""
    return str(body.get("message") or body.get("name") or "") if isinstance(body, dict) else ""


class Json2:
    """By name, with an API key."""

    def __init__(self, setup: Setup) -> None:
        database = setup.settings.database
        who = {"authorization": f"bearer {setup.secret('token')}"} | ({"x-odoo-database": database} if database else {})

        async def login(_fresh: bool) -> Mapping[str, str]:
            return who

        self.http = Http(setup, Vendor(json2_words), login)

    async def call(
        self, model: str, method: str, *, ids: Sequence[int] = (), writes: bool = False, **named: Any
    ) -> Any:
        """POST /json/2/<model>/<method>."""
        ask = self.http.write if writes else self.http.read
        answer = await ask("POST", f"/json/2/{model}/{method}", body=named | ({"ids": list(ids)} if ids else {}))
        return answer.body


class JsonRpc:
    """With database, user and password (or API key) in each call; the user's number is asked for once."""

    def __init__(self, setup: Setup) -> None:
        self.http = Http(setup, Vendor(json2_words))
        self._database, self._user = setup.settings.database, setup.settings.username
        self._password = setup.secret("password")
        self._uid: int | None = None
        self._ids = count(1)

    async def call(
        self, model: str, method: str, *, ids: Sequence[int] = (), writes: bool = False, **named: Any
    ) -> Any:
        """execute_kw: ids are the first argument, all others go by name."""
        if self._uid is None:
            self._uid = await self._log_in()
        login = [self._database, self._uid, self._password]
        return await self._ask(
            "object", "execute_kw", [*login, model, method, [list(ids)] if ids else [], named], writes
        )

    async def _log_in(self) -> int:
        uid = await self._ask("common", "authenticate", [self._database, self._user, self._password, {}], False)
        if not isinstance(uid, int) or isinstance(uid, bool):
            raise CallFailed(Retry(Own.LOGIN_SETTINGS))
        return uid

    async def _ask(self, service: str, method: str, arguments: list[Any], writes: bool) -> Any:
        params = {"service": service, "method": method, "args": arguments}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": next(self._ids)}
        answer = await (self.http.write if writes else self.http.read)("POST", "/jsonrpc", body=body)
        if isinstance(answer.body, dict) and isinstance(answer.body.get("error"), dict):
            raise CallFailed(_rpc_outcome(answer.body["error"]), answer)
        if not isinstance(answer.body, dict) or "result" not in answer.body:
            raise unclear(answer, writes=writes)
        return answer.body["result"]


def unclear(answer: Answer | None, *, writes: bool) -> CallFailed:
    """An answer that is none."""
    why = Own.UNREADABLE
    return CallFailed(Ambiguous(why) if writes else Retry(why), answer)


def _rpc_outcome(error: Mapping[str, Any]) -> Retry | Reject:
    data = error["data"] if isinstance(error.get("data"), dict) else {}
    name, said = str(data.get("name", "")), phrase(str(data.get("message") or error.get("message") or Own.REFUSED))
    if name.endswith("AccessDenied"):
        return Retry(Own.LOGIN_REFUSED.of(said=said))
    if name.endswith("AccessError"):
        return Retry(Own.LOGIN_MAY_NOT.of(said=said))
    if name.startswith("odoo.exceptions.") or name.startswith("builtins."):
        return Reject(said, whole=True)
    return Retry(said)  # the database, a lock, a time limit: rolled back
