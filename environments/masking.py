"""The shapes in which a secret may turn up in a command's output, all of which are masked there."""

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

SHORTEST = 4


def shapes(secrets: Iterable[str]) -> list[str]:
    """Each secret as it is, line by line, percent-encoded, and the password inside an address.

    What is shorter than SHORTEST is left out: masking it would make every log unreadable.
    """
    found: set[str] = set()
    for secret in secrets:
        found |= {secret, quote(secret, safe=""), _password(secret), *map(str.strip, secret.splitlines())}
    return sorted(shape for shape in found if len(shape) >= SHORTEST)


def _password(secret: str) -> str:
    try:
        return urlsplit(secret).password or ""
    except ValueError:
        return ""
