"""Whether two sets of variables lead to the same database, however its address is written.

Only for workers: names are resolved (getaddrinfo: /etc/hosts, DNS) and sockets looked at where the worker runs.
What an address says is in environments/database_urls.py.
"""

import ipaddress
import os
import socket
from collections.abc import Iterable, Mapping

from environments.database_urls import Address, addresses

Endpoint = tuple[str, ...]


def same_database(variables_a: Mapping[str, str], variables_b: Mapping[str, str]) -> str | None:
    """The name of the variable in `a` that leads to a database of `b`, or None when none does.

    The same means: the same kind, server (host, port or socket) and database, whoever the user is. An address that
    nobody can see through (a service file) is refused too, and the text says why. A database that is not named counts
    as any database of its server.
    """
    theirs = [(address, endpoints(address)) for address in addresses(variables_b)]
    for address in addresses(variables_a):
        mine = endpoints(address)
        rivals = [(other, known) for other, known in theirs if _is_same(address, other)]
        if hidden := address.hidden or next((other.hidden for other, _known in rivals if other.hidden), ""):
            return f"{address.variable} ({hidden} is named, and nobody can see where it leads)"
        if any(mine & known for _other, known in rivals):
            return address.variable
    return None


def same_text(variables_a: Mapping[str, str], variables_b: Mapping[str, str]) -> str | None:
    """The same question answered without the network, for pages: only what the text itself says is compared."""
    theirs = [(address, _named(address)) for address in addresses(variables_b)]
    for address in addresses(variables_a):
        if any(_is_same(address, other) and _named(address) & known for other, known in theirs):
            return address.variable
    return None


def _is_same(one: Address, other: Address) -> bool:
    return one.family == other.family and (one.database == other.database or not one.database or not other.database)


def _named(address: Address) -> set[Endpoint]:
    return {(host.lower().rstrip("."), str(port)) for host, port in address.servers}


def endpoints(address: Address) -> set[Endpoint]:
    """Every way its servers can be told from others: name, number, socket, and "this machine"."""
    found = _named(address)
    for host, port in address.servers:
        if host.startswith(("/", "@")):
            found |= {("socket", os.path.realpath(host), str(port)), ("here", str(port))}
        elif not host:
            found.add(("here", str(port)))
        else:
            found |= set(_numbers(host, port))
    return found


def _numbers(host: str, port: int) -> Iterable[Endpoint]:
    """The addresses behind a host's name; those of this machine are all one. Nothing if it cannot be resolved."""
    try:
        answers = socket.getaddrinfo(host.rstrip("."), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return
    for *_family, (text, *_port) in answers:
        number = _plain(str(text))
        yield ("number", str(number), str(port))
        if _is_here(number):
            yield ("here", str(port))


def _plain(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IPv4 address in IPv6 clothes is the IPv4 address."""
    number = ipaddress.ip_address(text.split("%")[0])
    return getattr(number, "ipv4_mapped", None) or number


def _is_here(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether this machine itself answers at the address: only then may a socket be bound to it."""
    if number.is_loopback or number.is_unspecified:
        return True
    family = socket.AF_INET6 if number.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as attempt:
            attempt.bind((str(number), 0))
    except OSError:
        return False
    return True
