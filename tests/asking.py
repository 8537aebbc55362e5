"""Asking a web server that may be away for a moment, because it is being restarted."""

import http.client
import urllib.request

from tests.machinery import eventually

AWAY = (OSError, http.client.HTTPException)
"""Refused, reset, cut off half way, too slow, not found, failed: nothing to read."""


def ask(url: str, *, seconds: float = 5) -> str:
    """What the page says; "" while nobody answers it in full and with a 200."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as response:
            return str(response.read().decode())
    except AWAY:
        return ""


def shown(url: str) -> str:
    """What the page says as soon as it says anything, so that silence is not taken for a missing word."""
    return eventually(lambda: ask(url), f"an answer of {url}")
