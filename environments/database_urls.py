"""Finding database addresses in variables: URLs, libpq's "host=… dbname=…", and variables such as PGHOST or DB_HOST.

References: libpq "Connection URIs" and "Parameter key words" (PostgreSQL 18, 34.1), redis-py `from_url`, PyMySQL URLs.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

FAMILIES = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "postgis": "postgres",
    "pgsql": "postgres",
    "mysql": "mysql",
    "mysql2": "mysql",
    "mariadb": "mysql",
    "redis": "redis",
    "rediss": "redis",
    "valkey": "redis",
    "valkeys": "redis",
    "unix": "redis",
}
PORTS = {"postgres": 5432, "mysql": 3306, "redis": 6379}
# A set of variables like DB_HOST, DB_PORT, DB_NAME: what stands before the last word, and what it then is.
PREFIXES = {
    "PG": "postgres",
    "POSTGRES": "postgres",
    "POSTGRESQL": "postgres",
    "DB": "postgres",
    "DATABASE": "postgres",
    "MYSQL": "mysql",
    "MARIADB": "mysql",
    "REDIS": "redis",
    "VALKEY": "redis",
}
WORDS = {
    "HOST": "host",
    "HOSTADDR": "hostaddr",
    "PORT": "port",
    "NAME": "dbname",
    "DB": "dbname",
    "DATABASE": "dbname",
    "DBNAME": "dbname",
    "USER": "user",
    "SERVICE": "service",
    "SERVICEFILE": "servicefile",
    "SOCKET": "socket",
}
_URL = re.compile(r"\b([a-z][a-z0-9]*)(?:\+[a-z0-9_.-]+)?://([^\s\"'<>`]*)", re.IGNORECASE)
_KEYWORD = re.compile(r"\b(host|hostaddr|port|dbname|user|service|servicefile)\s*=\s*('(?:\\.|[^'\\])*'|[^\s']+)")
_SPLIT = re.compile(rf"({'|'.join(PREFIXES)})_?({'|'.join(sorted(WORDS, key=len, reverse=True))})")
_SOCKET_FILE = re.compile(r"(.*)/\.s\.PGSQL\.(\d+)")

Facts = dict[str, str]


@dataclass(frozen=True)
class Address:
    """Where a variable leads. `database` is "" when it is not named; `hidden` says what keeps us from knowing.

    A server is (host, port); a host that is a path is a socket, an empty one the family's own way on this machine.
    """

    variable: str
    family: str
    servers: tuple[tuple[str, int], ...]
    database: str
    hidden: str = ""


def addresses(variables: Mapping[str, str]) -> list[Address]:
    """Every database address in the variables, in their order."""
    groups = _groups(variables)
    libpq = groups.get("PG", {})
    found = [address for name, value in variables.items() for address in _written(name, value, libpq)]
    return found + [
        _address(facts["variable"], PREFIXES[prefix], facts)
        for prefix, facts in groups.items()
        if _leads(prefix, facts)
    ]


def _groups(variables: Mapping[str, str]) -> dict[str, Facts]:
    """The families of variables that say host, port and name one by one; "variable" is the one to speak of."""
    groups: dict[str, Facts] = {}
    for name, value in variables.items():
        found = _SPLIT.fullmatch(name)
        if found and value.strip() and not _URL.search(value):
            facts = groups.setdefault(found[1], {"variable": name})
            facts[WORDS[found[2]]] = value.strip()
            facts["variable"] = name if found[2] == "HOST" else facts["variable"]
    return groups


def _leads(prefix: str, facts: Facts) -> bool:
    """Whether there is a server in it; libpq goes to this machine when only the database is named."""
    return bool(facts.keys() & ({"host", "hostaddr", "socket", "service"} | ({"dbname"} if prefix == "PG" else set())))


def _written(name: str, value: str, libpq: Facts) -> Iterator[Address]:
    """The addresses inside one value; what they leave out libpq takes from PGHOST and its like."""
    for scheme, rest in _URL.findall(value):
        family = FAMILIES.get(scheme.lower())
        if family is None:
            continue
        facts = _of_url(rest, family)
        yield _address(name, family, {**libpq, **facts} if family == "postgres" else facts)
    facts = {} if _URL.search(value) else {key: _unquoted(text) for key, text in _KEYWORD.findall(value)}
    if facts.keys() & {"host", "hostaddr", "dbname", "service"}:
        yield _address(name, "postgres", {**libpq, **facts})


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith("'") else text


def _of_url(rest: str, family: str) -> Facts:
    """What stands after "scheme://", by libpq's names; a parameter behind "?" wins over the same thing before it."""
    before, _mark, query = rest.partition("#")[0].partition("?")
    authority, _slash, path = before.partition("/")
    user, _at, servers = authority.rpartition("@")
    parts = [_host_and_port(one) for one in servers.split(",")]
    facts = {
        "host": ",".join(unquote(host) for host, _port in parts),
        "port": ",".join(port for _host, port in parts),
        "user": unquote(user.partition(":")[0]),
        "dbname": unquote(path),
    }
    if family == "redis" and not servers and path and not path.isdigit():
        facts |= {"host": "/" + unquote(path), "dbname": ""}
    facts |= {key.lower(): value for key, value in parse_qsl(query)}
    return {key: value for key, value in facts.items() if value.strip(",")}


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _bracket, port = text[1:].partition("]")
        return host, port.removeprefix(":")
    host, _colon, port = text.partition(":")
    return host, port


def _address(variable: str, family: str, facts: Facts) -> Address:
    hosts = (facts.get("hostaddr") or facts.get("host") or "").split(",")
    socket = facts.get("unix_socket") or facts.get("socket") or facts.get("unix_sock")
    if socket:
        hosts = [socket]
    ports = (facts.get("port") or "").split(",")
    servers = tuple(_server(host.strip(), _port(ports, n, family)) for n, host in enumerate(hosts))
    hidden = "a service file" if facts.get("service") or facts.get("servicefile") else ""
    return Address(variable, family, servers, _database(family, facts), hidden)


def _port(ports: list[str], n: int, family: str) -> int:
    """The n-th port; one port is for all hosts, none is the family's own."""
    text = (ports[n] if n < len(ports) else ports[0] if len(ports) == 1 else "").strip()
    return int(text) if text.isdigit() else PORTS[family]


def _server(host: str, port: int) -> tuple[str, int]:
    """PostgreSQL's socket may be given as a folder or as the file in it, which also names the port."""
    found = _SOCKET_FILE.fullmatch(host)
    return (found[1], int(found[2])) if found else (host, port)


def _database(family: str, facts: Facts) -> str:
    if family == "redis":
        return facts.get("db") or facts.get("dbname") or "0"
    return facts.get("dbname") or facts.get("database") or (facts.get("user", "") if family == "postgres" else "")
