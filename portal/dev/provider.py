"""The demo's identity provider: OpenID Connect without passwords, on the loopback interface alone.

It accepts any client, any secret and anybody's word for who they are, so it must never be reached from elsewhere.
"""

import argparse
import logging
import os
import sys
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import flask
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.dev.guard import require_one_machine
from portal.dev.logins import LOGINS, STAFF_CLIENT
from portal.errors import Forbidden
from portal.i18n import LANGUAGES, gettext, using

HOST = "127.0.0.1"


def create_app() -> flask.Flask:
    """The provider as a WSGI application, with pages of ours and without the debugger that the package puts around it:
    that one lets whoever reaches it run code."""
    provider = _provider()
    app = flask.Flask(__name__, template_folder=str(Path(__file__).with_name("provider_pages")))
    plain = app.wsgi_app
    _tell_when_people_logged_in()
    users = [provider.User(sub=login.subject, claims=login.claims) for login in LOGINS]
    provider.init_app(app, require_nonce=True, issue_refresh_token=False, user_claims=users)
    app.debug = False
    app.wsgi_app = plain  # type: ignore[method-assign]
    app.secret_key = os.urandom(16)
    # A page elsewhere whose name leads here is not one of ours.
    app.config["TRUSTED_HOSTS"] = [HOST, "localhost"]
    app.context_processor(_for_page)
    return app


def _provider() -> Any:
    from authlib.deprecate import AuthlibDeprecationWarning

    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    import oidc_provider_mock

    # Whoever asked is told what is refused; `portal doctor` comes with a code that is nobody's to be refused.
    logging.getLogger(oidc_provider_mock.__name__).setLevel(logging.ERROR)
    return oidc_provider_mock


def _tell_when_people_logged_in() -> None:
    """The package leaves auth_time out, without which nobody gets to what asks for a fresh login. It keeps nobody
    logged in, so each code is somebody's login of a moment ago."""
    from oidc_provider_mock import _storage

    _storage.AuthorizationCode.get_auth_time = lambda _code: int(time.time())


def _for_page() -> dict[str, object]:
    """The sign-in page offers those whom the asking application is for."""
    staff = flask.request.args.get("client_id") == STAFF_CLIENT
    logins, language = [login for login in LOGINS if login.customer is not staff], _language()
    return {"logins": logins, "staff": staff, "language": language, "_": partial(_said, language)}


def _language() -> str:
    """The first that the portal asks for and that is here (OpenID Connect Core 1.0, 3.1.2.1), else the browser's."""
    asked = flask.request.values.get("ui_locales", "").split()
    wanted = next((language for language in asked if language in LANGUAGES), None)
    return wanted or flask.request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def _said(language: str, text: str) -> str:
    with using(language):
        return gettext(text)


class _Quiet(WSGIRequestHandler):
    """Addresses carry codes and states: they are not written down."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


def serve(port: int) -> None:
    """Answer until the process is ended.

    Raises:
        Forbidden: others can reach this portal.
    """
    require_one_machine("The demo's identity provider takes everybody's word for who they are")
    # Plain http is fine on one's own machine, and only there.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    make_server(HOST, port, create_app(), threaded=True, request_handler=_Quiet).serve_forever()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    try:
        serve(arguments.parse_args().port)
    except Forbidden as error:
        sys.exit(str(error))
