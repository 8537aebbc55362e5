"""The servers in an environment's settings: "web1", "web1:2222", or an object with what differs on that one.

{"hosts": ["web1", {"host": "web2:2222", "port": 8001, "folder": "/srv/second"}], "user": "deploy",
 "folder": "/srv/shop", "port": 8000, "restart": ["systemctl", "restart", "shop"]}
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from deployments.drivers import settings

SSH_PORT = 22
_ADDRESS = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9a-fA-F:]+\])(:(?P<port>[0-9]{1,5}))?")
_OWN = {"host": settings.text, "port": settings.port, "folder": settings.folder}


class Host(NamedTuple):
    """One server; `folder` is the environment's there, `app_port` where the application answers (0 = it has none)."""

    name: str
    port: int
    folder: str
    app_port: int

    def __str__(self) -> str:
        return address(self.name, self.port)


def address(name: str, port: int) -> str:
    """How a host is called in settings, messages and the list of confirmed keys: "web1:22"."""
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def hosts_of(driver_settings: Mapping[str, Any]) -> list[Host]:
    """The servers in their order; settings that `check` complains about raise KeyError, TypeError or ValueError."""
    return [_host(entry, driver_settings) for entry in driver_settings["hosts"]]


def _host(entry: Any, common: Mapping[str, Any]) -> Host:
    own = entry if isinstance(entry, dict) else {"host": entry}
    name, port = _split(own["host"])
    folder = own.get("folder") or common.get("folder", "")
    return Host(name, port, str(folder), int(own.get("port") or common.get("port") or 0))


def _split(text: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"] or SSH_PORT) if found else 0
    if not found or not 0 < port < 65_536:
        raise ValueError(text)
    return found["name"].strip("[]"), port


def check(value: Any) -> str:
    """What is wrong with a list of hosts, "" if nothing."""
    if not isinstance(value, list) or not value:
        return _('must be a list of servers: ["web1", "web2:2222"].')
    for entry in value:
        if isinstance(entry, dict) and (found := list(settings.complaints(entry, _OWN, ("host",)))):
            return found[0]
        try:
            _host(entry, {})
        except (TypeError, ValueError):
            return _("%(host)s is not a name with an optional port, like web1:22.") % {"host": repr(entry)[:80]}
    places = [(host.name, host.port, host.folder) for host in (_host(entry, {}) for entry in value)]
    return "" if len(set(places)) == len(places) else _("names a server twice.")
