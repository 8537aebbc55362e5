"""Free TCP ports on the loopback, the same ones at the next start where possible."""

import json
import socket
from collections.abc import Iterable
from pathlib import Path

LOOPBACK = "127.0.0.1"
ATTEMPTS = 200


def claim(port: int) -> bool:
    """Take `port` for this process if nobody uses it.

    A free port is used only seconds later, so two launchers could find the same one. On Linux each also binds
    an abstract socket named after the port; it vanishes with the process, however that ends.
    """
    if not is_free(port):
        return False
    marker = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        marker.bind(f"\0lifecycle-port-{port}")
    except FileNotFoundError:  # no abstract sockets outside Linux
        marker.close()
        return True
    except OSError:
        marker.close()
        return False
    marker.detach()  # stays open until the process ends
    return True


def pick(wanted: int, *, taken: Iterable[int] = ()) -> int:
    """The first port from `wanted` upwards that could be claimed. Raises OSError without one."""
    for port in range(wanted, wanted + ATTEMPTS):
        if port not in taken and claim(port):
            return port
    raise OSError(f"no free port between {wanted} and {wanted + ATTEMPTS}")


def pick_all(wanted: dict[str, int], *, remembered_in: Path) -> dict[str, int]:
    """A port for each name: the one of the last start if it is still free, else the next free one."""
    last = json.loads(remembered_in.read_text()) if remembered_in.exists() else {}
    chosen: dict[str, int] = {}
    for name, start in wanted.items():
        before = last.get(name)
        chosen[name] = before if before and claim(before) else pick(start, taken=chosen.values())
    remembered_in.write_text(json.dumps(last | chosen, indent=1))
    return chosen


def is_free(port: int) -> bool:
    """Whether nobody listens there now; `claim` also keeps other launchers away."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
