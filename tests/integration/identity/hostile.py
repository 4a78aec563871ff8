"""A provider over real HTTP that says whatever a test wants it to say."""

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qs

from joserfc.jwk import Key

from tests.unit.identity.signing import honest_claims, logout_claims, public, rsa_key, sign

ACCESS_TOKEN = "an-access-token"


class HostileProvider:
    """Honest until a test changes one of its attributes.

    `answers` maps a path to (status, body) or to bytes that are sent instead of what would be said honestly; `asked`
    collects what came to each path.
    """

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        self.keys: dict[str, Any] = public(rsa_key())
        self.id_token = ""
        self.userinfo: dict[str, Any] = {"sub": "alice"}
        self.answers: dict[str, tuple[int, object] | bytes] = {}
        self.pushed = 0
        self.delay = 0.0
        self.down = False
        self.asked: dict[str, list[dict[str, Any]]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Be down from now on, also for connections that are open."""
        self.down = True
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def vouch(self, asked: Mapping[str, str], **changes: object) -> None:
        """The next ID token is a good one for this login, but for some changed claims."""
        now = int(time.time())
        honest = {"iss": self.issuer, "aud": asked["client_id"], "nonce": asked["nonce"], "sub": "alice"}
        self.id_token = sign(honest_claims(now, **(honest | changes)))
        self.userinfo["sub"] = changes.get("sub", "alice")

    def wants_pushed_requests(self) -> None:
        """From now on it takes authorization requests ahead only (RFC 9126), and tells who asks by a signature."""
        self.document |= {
            "pushed_authorization_request_endpoint": f"{self.issuer}/par",
            "require_pushed_authorization_requests": True,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        }

    def says_logged_out(self, client_id: str = "portal-customers", **changes: object) -> str:
        """A good logout token, but for some changed claims (`header` and `key` change how it is signed)."""
        header = {"typ": "logout+jwt", **cast(dict[str, Any], changes.pop("header", {}))}
        key = cast(Key | None, changes.pop("key", None))
        claims = logout_claims(int(time.time()), **{"iss": self.issuer, "aud": client_id, **changes})
        return sign(claims, header=header, key=key)

    def _answer(self, path: str) -> tuple[int, object] | bytes:
        if path in self.answers:
            return self.answers[path]
        match path:
            case "/.well-known/openid-configuration":
                return 200, self.document
            case "/jwks":
                return 200, self.keys
            case "/token":
                return 200, {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": self.id_token}
            case "/userinfo":
                return 200, self.userinfo
            case "/par":
                self.pushed += 1
                return 201, {"request_uri": f"urn:ietf:params:oauth:request_uri:{self.pushed}", "expires_in": 60}
        return 404, {"error": "not found"}

    def _handler(provider) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._respond({})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                self._respond({name: values[0] for name, values in parse_qs(body).items()})

            def _respond(self, form: dict[str, str]) -> None:
                path = self.path.partition("?")[0]
                provider.asked.setdefault(path, []).append({"form": form, "headers": dict(self.headers)})
                time.sleep(provider.delay)
                if provider.down:
                    self.close_connection = True
                    return
                answer = provider._answer(path)
                status, data = (200, answer) if isinstance(answer, bytes) else (answer[0], _encoded(answer[1]))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                if 300 <= status < 400:
                    self.send_header("Location", f"{provider.issuer}/elsewhere")
                self.send_header("Set-Cookie", "tracking=1")
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                return

        return Handler


def _encoded(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
