"""Canaille with people and clients of a test, on the loopback interface: `python provider.py < settings.json`.

It runs in an environment of its own (requirements/canaille.txt). Settings: {port, folder, users, groups, clients},
each user, group and client with the fields of Canaille's own models; a client's `audience` is `null` to leave it empty.
"""

import json
import sys
from typing import Any

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"


def main() -> None:
    given = json.load(sys.stdin)
    app = create_app(config=_settings(given["port"], given["folder"]))
    with app.app_context():
        _introduce(given)
    _serve(app, given["port"])


def _settings(port: int, folder: str) -> dict[str, object]:
    from joserfc.jwk import RSAKey

    return {
        "SECRET_KEY": "for tests",
        "SERVER_NAME": f"{HOST}:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "SESSION_COOKIE_SECURE": False,
        "CANAILLE": {"DATABASE": "sql", "LOGGING": {"version": 1, "disable_existing_loggers": True}},
        "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{folder}/canaille.sqlite", "AUTO_MIGRATE": True},
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": [RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)],
            "TRUSTED_DOMAINS": [],
        },
    }


def _introduce(given: dict[str, Any]) -> None:
    with Backend.instance.session():
        users = {user["user_name"]: _kept(models.User(**user)) for user in given["users"]}
        for group in given["groups"]:
            members = [users[name] for name in group["members"]]
            _kept(models.Group(**{**group, "members": members}))
        for client in given["clients"]:
            nobody = "audience" in client
            made = _kept(models.Client(**{name: value for name, value in client.items() if name != "audience"}))
            if not nobody:
                made.audience = [made]
                _kept(made)


def _kept(thing: Any) -> Any:
    Backend.instance.save(thing)
    return thing


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        return


def _serve(app: Flask, port: int) -> None:
    make_server(HOST, port, app, threaded=True, request_handler=_Quiet).serve_forever()


if __name__ == "__main__":
    main()
