"""Ports on the loopback interface."""

import errno
import socket

from portal.errors import Unavailable

LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def require_free(port: int) -> None:
    """Say so in a sentence if the port cannot be had."""
    try:
        taken = not is_free(port)
    except PermissionError:
        raise Unavailable(
            f"Port {port} is reserved for root.", hint=f"Choose one above 1023: {how_to_choose(8000)}."
        ) from None
    if taken:
        raise Unavailable(
            f"Port {port} is taken by another program.",
            hint=f"Choose another one: {how_to_choose(next_free(port + 1))}.",
        )


def how_to_choose(port: int) -> str:
    return f"make run PORT={port}, or portal dev --port {port}"


def next_free(port: int) -> int:
    """The first free port from this one on."""
    return next(candidate for candidate in range(port, 65536) if is_free(candidate))


def is_free(port: int) -> bool:
    """Whether nobody listens there, neither on 127.0.0.1 nor on ::1, which `localhost` may mean as well."""
    return all(_can_listen(family, host, port) for family, host in LOOPBACK)


def _can_listen(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except PermissionError:
        raise
    except OSError as error:
        # A machine without IPv6 has no such address, and so nobody who listens there.
        return error.errno != errno.EADDRINUSE
    return True
