"""What differs between an environment and production: what a test there cannot prove. No secret is shown."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from environments import secrets, variables
from environments.models import Environment
from environments.queries import of_kind

NAMES_THE_PLACE = frozenset({"port", "folder", "url", "find", "start", "look", "cancel"})
"""Driver settings that say where it goes, and so are others everywhere."""


@dataclass(frozen=True)
class Contrast:
    """One thing that is otherwise here than in production; None: it is not there."""

    label: str
    here: str | None
    production: str | None
    is_secret: bool = False


def from_production(environment: Environment) -> list[Contrast]:
    """The environment's own facts that differ, its driver's settings, the variables by name; none for production."""
    production = of_kind(environment.product, Environment.Kind.PRODUCTION)
    if production is None or production == environment:
        return []
    facts = zip(_facts(environment), _facts(production), strict=True)
    own = [Contrast(label, here, there) for (label, here), (_same, there) in facts if here != there]
    rows = variables.delta(production, environment)
    own += driver_settings(environment, production)
    return own + [Contrast(row.name, row.now, row.was, row.is_secret) for row in rows]


def _facts(environment: Environment) -> list[tuple[str, str]]:
    return [
        (_("Driver"), environment.driver),
        (_("Outgoing mail"), _("on") if environment.sends_mail else _("off")),
        (_("Payments"), _("on") if environment.takes_payments else _("off")),
        (_("Who gets in"), str(environment.get_access_display())),
        (_("Test data"), environment.test_data or _("none")),
    ]


def driver_settings(environment: Environment, production: Environment) -> Iterator[Contrast]:
    """The settings that differ and do not just name the place; of two drivers only those that both were given."""
    here, there = environment.driver_settings, production.driver_settings
    is_same_driver = environment.driver == production.driver
    for key in sorted({*here, *there} if is_same_driver else {*here} & {*there}):
        if _matters(key, here.get(key), there.get(key)):
            label = _("Servers") if key == "hosts" else _("Driver: %(setting)s") % {"setting": key}
            is_secret = any(isinstance(value, dict) for value in (here.get(key), there.get(key)))
            yield Contrast(label, _words(key, here.get(key)), _words(key, there.get(key)), is_secret)


def _matters(key: str, here: Any, there: Any) -> bool:
    """One that only one of the two has does, whatever it is; else what is run, as whom and on how many servers."""
    if here is None or there is None:
        return here is not there
    if key == "hosts":
        return len(here) != len(there)
    names_the_place = key in NAMES_THE_PLACE or (_is_address(here) and _is_address(there))
    return not names_the_place and here != there


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://"))


def _words(key: str, value: Any) -> str | None:
    """A command as one types it; what is sent to a pipeline may hold anything, so it is masked."""
    if value is None or isinstance(value, str):
        return value
    if key == "hosts":
        return str(len(value))
    if isinstance(value, dict):
        return secrets.MASK
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return shlex.join(value)
    return json.dumps(value)
