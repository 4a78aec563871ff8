"""Static files under names that carry a hash of what they hold, so that a browser may keep each of them for ever.

All of them are read once, at the start: a few hundred kilobytes, kept with their compressed form.
"""

import gzip
import hashlib
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
"""What is served, by the end of its name. Anything else in the folder (licences, notes) is for people who read it."""

BUNDLES = {
    "css/page.css": ("css/portal.css", "css/brand.css"),
    "js/page.js": ("vendor/htmx/htmx.min.js", "vendor/htmx/hx-sse.min.js", "js/portal.js"),
}
"""What every page has."""

_COMPRESSED_ALREADY = {".png", ".webp", ".woff2"}
_REFERENCE = re.compile(r"""(?P<open>url\(\s*|@import\s+)(?P<quote>["']?)(?P<target>[^"')\s;]+)(?P=quote)""")


class StaticFileError(Exception):
    """A static file is missing, or refers to one that is; the message says which."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent: `name` is where it lies in the folder, `path` its name with the hash."""

    name: str
    path: str
    type: str
    body: bytes
    compressed: bytes | None


class StaticFiles:
    """An ASGI application for the files of a folder, and the map from their names to their addresses.

    Args:
        root: the folder.
        prefix: where the application is mounted.
        overrides: files that stand in for some of the folder: a company's own colours or logo, by name.
        bundles: files that are also served as one, by the name of the whole: a browser asks once for them all.

    Raises:
        StaticFileError: the folder, an override, or what a style sheet refers to is not there; or a style sheet imports
            another in the middle of a bundle, where browsers would not look at it.
    """

    def __init__(
        self,
        root: Path,
        *,
        prefix: str = "/static",
        overrides: Mapping[str, Path] | None = None,
        bundles: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._prefix = prefix
        self._by_name: dict[str, StaticFile] = {}
        sources = _sources(root) | dict(overrides or {})
        for name in sources:
            self._load(name, sources, ())
        for name, parts in (bundles or {}).items():
            self._by_name[name] = self._bundle(name, parts)
        self._by_path = {f"/{file.path}": file for file in self._by_name.values()}

    def url(self, name: str) -> str:
        """The address of a file, by its name in the folder: `css/portal.css`.

        Raises:
            StaticFileError: there is no such file; a template that names it is wrong.
        """
        return f"{self._prefix}/{self.file(name).path}"

    def file(self, name: str) -> StaticFile:
        """A file by its name in the folder."""
        try:
            return self._by_name[name]
        except KeyError:
            raise StaticFileError(f"static/{name} does not exist") from None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._respond(scope)(scope, receive, send)

    def _respond(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Method Not Allowed", 405, {"allow": "GET, HEAD"})
        file = self._by_path.get(scope["path"].removeprefix(scope.get("root_path", "")))
        if file is None:
            return PlainTextResponse("Not Found", 404, {"cache-control": "no-store"})
        headers = {"cache-control": "public, max-age=31536000, immutable", "content-type": file.type}
        body = file.body
        if file.compressed is not None:
            headers["vary"] = "accept-encoding"
            if _accepts_gzip(scope):
                headers["content-encoding"] = "gzip"
                body = file.compressed
        headers["content-length"] = str(len(body))
        return Response(body if scope["method"] == "GET" else b"", headers=headers)

    def _load(self, name: str, sources: Mapping[str, Path], trail: tuple[str, ...]) -> StaticFile:
        if name in self._by_name:
            return self._by_name[name]
        if name in trail:
            raise StaticFileError(f"static/{name} refers to itself: {' -> '.join((*trail, name))}")
        body = _read(name, sources)
        if name.endswith(".css"):
            body = self._rewrite(body.decode(), name, sources, (*trail, name)).encode()
        self._by_name[name] = file = _finish(name, body)
        return file

    def _bundle(self, name: str, parts: Sequence[str]) -> StaticFile:
        bodies = [self.file(part).body for part in parts]
        for part, body in zip(parts[1:], bodies[1:], strict=True):
            if part.endswith(".css") and b"@import" in body:
                raise StaticFileError(f"static/{part} must not import another style sheet: it is served as part of one")
        # A semicolon ends a script that has none; in a style sheet it would end the first rule of the next part.
        return _finish(name, (b"\n;\n" if name.endswith(".js") else b"\n").join(bodies))

    def _rewrite(self, css: str, name: str, sources: Mapping[str, Path], trail: tuple[str, ...]) -> str:
        def address(match: re.Match[str]) -> str:
            target = match["target"]
            if target.startswith(("#", "/", "data:", "http:", "https:")):
                return match[0]
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if other not in sources:
                raise StaticFileError(f"static/{name} refers to {target}, and static/{other} does not exist")
            path = self._load(other, sources, trail).path
            return f"{match['open']}{match['quote']}{self._prefix}/{path}{match['quote']}"

        return _REFERENCE.sub(address, css)


def _sources(root: Path) -> dict[str, Path]:
    found = {p.relative_to(root).as_posix(): p for p in sorted(root.rglob("*")) if p.suffix in TYPES}
    if not found:
        raise StaticFileError(f"{root} holds no static files")
    return found


def _read(name: str, sources: Mapping[str, Path]) -> bytes:
    try:
        return sources[name].read_bytes()
    except OSError as error:
        raise StaticFileError(f"{sources[name]}, for static/{name}, cannot be read: {error.strerror}") from None


def _finish(name: str, body: bytes) -> StaticFile:
    stem, suffix = posixpath.splitext(name)
    digest = hashlib.sha256(body).hexdigest()[:12]
    compressed = None if suffix in _COMPRESSED_ALREADY else gzip.compress(body, 9, mtime=0)
    if compressed is not None and len(compressed) >= len(body):
        compressed = None
    return StaticFile(name, f"{stem}.{digest}{suffix}", TYPES[suffix], body, compressed)


def _accepts_gzip(scope: Scope) -> bool:
    """Whether the request's Accept-Encoding allows gzip (RFC 9110, section 12.5.3; `gzip;q=0` forbids it)."""
    for key, value in scope["headers"]:
        if key == b"accept-encoding":
            for part in value.decode("latin-1").lower().split(","):
                coding, _, weight = part.partition(";")
                if coding.strip() in ("gzip", "*"):
                    return weight.strip().replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
