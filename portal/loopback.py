"""Which names always mean the machine itself."""

from ipaddress import ip_address


def is_loopback(name: str | None) -> bool:
    """Whether a host name or address never leaves this machine: localhost, 127.0.0.0/8, ::1."""
    if name is None or name == "localhost":
        return name is not None
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
