"""Passwords and keys of the embedded stack: made once, kept in `var/secrets.json` (0600)."""

import base64
import json
import secrets
from collections.abc import Callable
from pathlib import Path

from lifecycle.embedded.paths import write_private

MAKERS: dict[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_urlsafe(50),
    "fernet_key": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "postgres_password": lambda: secrets.token_urlsafe(24),
    "valkey_password": lambda: secrets.token_urlsafe(24),
}


def load(path: Path) -> dict[str, str]:
    """The secrets kept in `path`; missing ones are made and written before this returns."""
    known = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: make() for name, make in MAKERS.items() if name not in known}
    if missing:
        known |= missing
        write_private(path, json.dumps(known, indent=1))
    return known
