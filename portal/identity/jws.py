"""Opening a signed token (RFC 7515): the algorithms that will do, the key, the signature, a payload that is JSON.

joserfc checks the signature. What it would do beyond what we ask for is switched off: its registry knows other
algorithms, extensions of the header, and detached payloads.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from portal.identity.failures import Refused
from portal.identity.keys import ALGORITHMS

FindKeys = Callable[[str, str | None], Awaitable[Sequence[Key]]]
"""Gives the keys that may have signed, from the algorithm and the key id in the header."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A token whose signature is good. Its claims are still to be judged."""

    algorithm: str
    claims: dict[str, Any]


async def open_signed(token: str, what: str, types: frozenset[str], find_keys: FindKeys) -> Opened:
    """Check a token's form and signature.

    Args:
        what: how the token is called in the log.
        types: the values of `typ` that will do, in lower case; "" where the header need not say.

    Raises:
        Refused: it is not what it has to be; the message says why.
    """
    signed = _parse(token, what)
    algorithm, kid = _header(signed, what, types)
    found = await find_keys(algorithm, kid)
    if not any(_verifies(signed, key) for key in found):
        raise Refused(f"{what}: the signature is wrong")
    return Opened(algorithm, _payload(signed.payload, what))


class _Allowlist(JWSRegistry):
    """Only our algorithms, whatever else the library has learned; no limit on headers that would hit honest ones."""

    max_header_length = 8_192

    def __init__(self) -> None:
        super().__init__(strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


_ALLOWLIST = _Allowlist()


def _parse(token: str, what: str) -> CompactSignature:
    try:
        return extract_compact(token.encode(), registry=_ALLOWLIST)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"{what}: it is no signed token") from error


def _header(signed: CompactSignature, what: str, types: frozenset[str]) -> tuple[str, str | None]:
    header: object = signed.protected
    if not isinstance(header, dict):
        raise Refused(f"{what}: it is no signed token")
    algorithm, kid, typ = header.get("alg"), header.get("kid"), header.get("typ", "")
    if algorithm not in ALGORITHMS:
        raise Refused(f"{what}: alg is none of {', '.join(ALGORITHMS)}")
    if "crit" in header or "b64" in header:
        raise Refused(f"{what}: it asks for extensions")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in types:
        raise Refused(f"{what}: typ is that of another kind of token")
    if kid is not None and not isinstance(kid, str):
        raise Refused(f"{what}: kid is no text")
    return algorithm, kid


def _verifies(signed: CompactSignature, key: Key) -> bool:
    try:
        return validate_compact(signed, key, registry=_ALLOWLIST)
    except (JoseError, ValueError, TypeError):
        return False


def _payload(data: bytes, what: str) -> dict[str, Any]:
    try:
        claims = json.loads(data, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{what}: its claims are no JSON") from error
    if not isinstance(claims, dict):
        raise Refused(f"{what}: its claims are no JSON object")
    return claims


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    claims = dict(pairs)
    if len(claims) != len(pairs):
        raise ValueError("a name stands twice")
    return claims


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
