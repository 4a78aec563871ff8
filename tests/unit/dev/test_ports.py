"""A port that is taken is told in one sentence, before anything has started."""

import socket

import pytest

from portal.dev import ports
from portal.errors import Unavailable


def test_a_port_that_nobody_has_is_free() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    ports.require_free(port)


def test_a_taken_port_is_named_with_another_one_to_choose() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(Unavailable) as refused:
            ports.require_free(port)

        assert refused.value.message == f"Port {port} is taken by another program."
        assert refused.value.hint is not None and "make run PORT=" in refused.value.hint
        assert ports.next_free(port) > port


def test_a_listener_on_the_other_loopback_address_counts_too() -> None:
    try:
        listener = socket.socket(socket.AF_INET6)
        listener.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    with listener:
        listener.listen()
        assert not ports.is_free(listener.getsockname()[1])
