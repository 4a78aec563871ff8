"""Logging in to Salesforce as the portal itself: OAuth 2.0 client credentials at the company's own domain.

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm; the answer's
`instance_url` is not followed: calls go where the settings say.
"""

import asyncio
from collections.abc import Mapping

from portal.crm.answers import CallFailed
from portal.crm.http import Http
from portal.crm.port import Retry
from portal.crm.setup import Setup

TOKEN = "/services/oauth2/token"  # noqa: S105 - an address


class Login:
    """A token that is asked for when it is needed, and anew when it is refused; one at a time."""

    def __init__(self, setup: Setup, http: Http) -> None:
        self._http = http
        self._form = {
            "grant_type": "client_credentials",
            "client_id": setup.settings.client_id,
            "client_secret": setup.secret("client_secret"),
        }
        self._token = ""
        self._one_at_a_time = asyncio.Lock()

    async def headers(self, fresh: bool) -> Mapping[str, str]:
        """Who we are.

        Raises:
            CallFailed: with Retry: the login is refused, or cannot be made at present.
        """
        refused = self._token if fresh else ""
        async with self._one_at_a_time:
            if not self._token or self._token == refused:
                self._token = await self._ask()
        return {"authorization": f"Bearer {self._token}"}

    async def _ask(self) -> str:
        try:
            answer = await self._http.read("POST", TOKEN, form=self._form)
        except CallFailed as failure:
            outcome = failure.outcome
            if isinstance(outcome, Retry):
                raise
            raise CallFailed(Retry(f"our login is refused: {outcome.why}"), failure.answer) from None
        token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
        if not isinstance(token, str) or not token:
            raise CallFailed(Retry("our login is answered without a token"), answer)
        return token
