"""Logging in to Salesforce as the portal itself: OAuth 2.0 client credentials at the company's own domain.

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm; the answer's
`instance_url` is not followed: calls go where the settings say.
"""

from portal.crm.answers import CallFailed
from portal.crm.http import Http
from portal.crm.port import Retry
from portal.crm.said import Own
from portal.crm.salesforce.api import VENDOR
from portal.crm.session import Session
from portal.crm.setup import Setup

TOKEN = "/services/oauth2/token"  # noqa: S105 - an address


def logged_in(setup: Setup) -> Http:
    """Calls with a token of the app's own."""
    http = Http(setup, VENDOR)
    form = {
        "grant_type": "client_credentials",
        "client_id": setup.settings.client_id,
        "client_secret": setup.secret("client_secret"),
    }

    async def log_in() -> str:
        try:
            answer = await http.read("POST", TOKEN, form=form, anonymous=True)
        except CallFailed as failure:
            outcome = failure.outcome
            if isinstance(outcome, Retry):
                raise
            raise CallFailed(Retry(Own.LOGIN_REFUSED.of(said=outcome.why)), failure.answer) from None
        token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
        if not isinstance(token, str) or not token:
            raise CallFailed(Retry(Own.NO_TOKEN), answer)
        return token

    http.login = Session("Bearer", log_in).headers
    return http
