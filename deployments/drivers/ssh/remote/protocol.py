"""How the driver and what it sends to a host speak: lines of JSON on stdin and stdout."""

from __future__ import annotations

import json
import os
import select
from typing import Any

SILENCE_SECONDS, IDLE_SECONDS = 15.0, 60.0


class Fenced(Exception):
    """A newer fence was here."""


class Failed(Exception):
    """A definite no; the text is for people."""


class Lost(Exception):
    """Whoever asked is gone, or was silent for too long."""


def say(message: dict[str, Any]) -> None:
    """One line to the asker. Lost if it takes nothing any more."""
    data = (json.dumps(message) + "\n").encode()
    os.set_blocking(1, False)
    while data:
        if not select.select([], [1], [], SILENCE_SECONDS)[1]:
            raise Lost("the asker takes no more output")
        try:
            data = data[os.write(1, data) :]
        except BlockingIOError:
            continue
        except OSError:
            raise Lost("the asker is gone") from None


def read_request() -> dict[str, Any] | None:
    """The next line with a request, None when there is none any more. Beats that came too late are passed over."""
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([0], [], [], IDLE_SECONDS)[0]:
            return None
        character = os.read(0, 1)
        if not character:
            return None
        line += character
    found: dict[str, Any] = json.loads(line.lstrip(b".").decode())
    return found
