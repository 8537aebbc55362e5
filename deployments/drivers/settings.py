"""Checking what an environment's driver settings hold, before a deployment stumbles over them."""

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from environments.manifest_sections import PLACEHOLDER, PLACEHOLDERS

Check = Callable[[Any], str]


def complaints(settings: Any, checks: Mapping[str, Check], required: tuple[str, ...]) -> Iterator[str]:
    """Everything that is wrong, one sentence each, beginning with the key."""
    if not isinstance(settings, dict):
        yield _("The settings must be an object: {…}.")
        return
    yield from (f"{key}: {_('is required.')}" for key in required if not settings.get(key))
    for key, value in settings.items():
        problem = checks[key](value) if key in checks else _unknown(key, checks)
        if problem:
            yield f"{key}: {problem}"


def _unknown(key: str, checks: Mapping[str, Check]) -> str:
    close = difflib.get_close_matches(key, checks, n=1)
    if close:
        return _("is unknown; did you mean %(key)s?") % {"key": close[0]}
    return _("is unknown; known are %(keys)s.") % {"keys": ", ".join(checks) or "–"}


def port(value: Any) -> str:
    good = type(value) is int and 0 < value < 65_536
    return "" if good else _("must be a port number, 1 to 65535.")


def seconds(value: Any) -> str:
    good = type(value) in (int, float) and 0 < value <= 86_400
    return "" if good else _("must be a number of seconds, at most a day.")


def text(value: Any) -> str:
    good = isinstance(value, str) and value != "" and len(value) <= 500 and value.isprintable()
    return "" if good else _("must be a text.")


def folder(value: Any) -> str:
    good = isinstance(value, str) and re.fullmatch(r"(/[A-Za-z0-9._-]+){2,}", value) and ".." not in value.split("/")
    return "" if good else _("must be an absolute path like /srv/shop, of letters, digits, dots, _ and -.")


def address(value: Any) -> str:
    """An http(s) address without credentials in it."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        good = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    except ValueError:
        good = False
    return "" if good else _("must be an address that begins with https:// and holds no password.")


def repository(value: Any) -> str:
    good = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", value)
    return "" if good else _("must be an owner and a name, like northwind/shop.")


def texts(value: Any) -> str:
    good = isinstance(value, list) and value and all(isinstance(part, str) for part in value)
    return "" if good else _("must be a list of texts.")


def template(value: Any) -> str:
    good = isinstance(value, dict) and len(json.dumps(value)) <= 4000
    return "" if good else _("must be an object of at most 4,000 characters.")


def argv(value: Any) -> str:
    """An argument list with known placeholders."""
    if not (isinstance(value, list) and value and all(isinstance(part, str) and "\0" not in part for part in value)):
        return _('must be a list of texts, one per argument: ["systemctl", "restart", "shop"].')
    unknown = [name for part in value for name in PLACEHOLDER.findall(part) if name not in PLACEHOLDERS]
    return _("unknown placeholder {%(name)s}.") % {"name": unknown[0]} if unknown else ""


def one_of(*choices: str) -> Check:
    def check(value: Any) -> str:
        return "" if value in choices else _("must be one of %(choices)s.") % {"choices": ", ".join(choices)}

    return check
