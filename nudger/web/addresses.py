"""Who asks: the address of a client, as what is counted by address takes it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

FORWARDED = b"x-forwarded-for"
SUBNET = 64  # bits: one household has so many IPv6 addresses

Address = IPv4Address | IPv6Address


def forwarded_client(scope: Scope) -> str:
    """The client's address as the web server before us has written it into X-Forwarded-For: the last entry of
    all lines of that name. What stands before it is anybody's word. A port beside it is left out, as a client
    has many. Where the last entry is no address: whoever is connected to us; empty where nobody knows."""
    lines = [value for name, value in scope["headers"] if name == FORWARDED]
    last = b",".join(lines).rpartition(b",")[2].decode("latin-1")
    forwarded = _address(last.strip().strip('"'))
    if forwarded is not None:
        return str(forwarded)
    return str(scope["client"][0]) if scope.get("client") else ""


def household(address: str) -> str:
    """An address as it is counted: IPv6 by its subnet, IPv4 in IPv6 as IPv4; what is none as it is."""
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), SUBNET), strict=False))
    return address[:64] if parsed is None else str(parsed)


def _address(text: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; no zone of a link."""
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
