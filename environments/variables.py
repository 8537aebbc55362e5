"""Variables and secrets of an environment. Each change is a version: it can be shown, compared and taken back."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import masking, secrets
from environments.models import Environment, Variable, VariableVersion
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import User

NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
RESERVED = frozenset(
    {"PORT", "DATA_DIR", "RELEASE", "ENVIRONMENT", "PATH", "HOME", "OUTGOING_MAIL", "PAYMENTS", "FENCE", "DIGEST"}
    | {"ACCESS_KEY"}
)
Stored = Variable | VariableVersion


@transaction.atomic
def set_variable(
    environment: Environment, *, name: str, value: str, is_secret: bool, by: By, at: datetime | None = None
) -> Variable:
    """Create or replace a variable; approvals of the old configuration no longer hold (config_version + 1).

    Raises ValidationError for a name that is not LIKE_THIS or that Lifecycle sets itself, and for a secret that is too
    short to be masked.
    """
    check_name(name)
    if is_secret and len(value) < masking.SHORTEST:
        raise ValidationError({"value": _("A secret has at least %(n)d characters.") % {"n": masking.SHORTEST}})
    stored = secrets.seal(value) if is_secret else value
    return _store(environment, name, stored, is_secret=is_secret, by=by, at=at)


def _store(
    environment: Environment, name: str, stored: str, *, is_secret: bool, by: By, at: datetime | None
) -> Variable:
    configuration_changed(environment, "environment.variable_set", by=by, at=at, variable=name)
    facts = {"value": stored, "is_secret": is_secret, "changed_at": at or timezone.now()}
    variable, _created = Variable.objects.update_or_create(environment=environment, name=name, defaults=facts)
    _keep_version(environment, name, by=by, **facts)
    return variable


@transaction.atomic
def remove_variable(environment: Environment, *, name: str, by: By, at: datetime | None = None) -> None:
    """Delete a variable; nothing happens when there is none of this name."""
    deleted, _rows = Variable.objects.filter(environment=environment, name=name).delete()
    if deleted:
        configuration_changed(environment, "environment.variable_removed", by=by, at=at, variable=name)
        _keep_version(environment, name, by=by, is_removed=True, changed_at=at or timezone.now())


@transaction.atomic
def restore(version: VariableVersion, *, by: By, at: datetime | None = None) -> None:
    """Make a variable what it was at a version (or remove it, if it had been): that is a new version."""
    if version.is_removed:
        remove_variable(version.environment, name=version.name, by=by, at=at)
        return
    _store(version.environment, version.name, version.value, is_secret=version.is_secret, by=by, at=at)


@transaction.atomic
def copy(
    source: Environment,
    target: Environment,
    *,
    with_secrets: bool,
    by: By,
    without: Collection[str] = (),
    at: datetime | None = None,
) -> None:
    """Give `target` the variables of `source` but some; secrets only `with_secrets`, never opened on the way."""
    for row in source.variables.exclude(name__in=without).order_by("name"):
        if with_secrets or not row.is_secret:
            _store(target, row.name, row.value, is_secret=row.is_secret, by=by, at=at)


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValidationError({"name": _("Capital letters, digits and _ only, e.g. PAYMENT_KEY.")})
    if name in RESERVED:
        raise ValidationError({"name": _("Lifecycle sets %(name)s itself.") % {"name": name}})


def configuration_changed(
    environment: Environment, verb: str, *, by: By, at: datetime | None, note: str = "", **data: Any
) -> None:
    """Count the change, which also locks the environment's row; the event names the variable, never its value."""
    Environment.objects.filter(pk=environment.pk).update(config_version=F("config_version") + 1)
    environment.refresh_from_db(fields=["config_version"])
    events.record(verb, environment, by=by, at=at, note=note, config_version=environment.config_version, **data)


def _keep_version(environment: Environment, name: str, *, by: By, **facts: Any) -> None:
    person = by if isinstance(by, User) else None
    VariableVersion.objects.create(
        environment=environment, config_version=environment.config_version, name=name, changed_by=person, **facts
    )


def opened(environment: Environment) -> dict[str, str]:
    """What an application is started with, secrets opened. Only for workers."""
    return {row.name: _plain(row) for row in environment.variables.order_by("name")}


def opened_at(environment: Environment, config_version: int) -> dict[str, str]:
    """What an application was started with at an earlier configuration, secrets opened. Only for workers."""
    return {name: _plain(row) for name, row in _standing_at(environment, config_version).items()}


def legible(environment: Environment) -> dict[str, str]:
    """The same, without those whose key is gone; for comparing, never for showing."""
    rows = environment.variables.order_by("name")
    found = {row.name: secrets.readable(row.value) if row.is_secret else row.value for row in rows}
    return {name: value for name, value in found.items() if value is not None}


def legible_at(environment: Environment, config_version: int) -> dict[str, str]:
    """The same, as it was at an earlier configuration."""
    rows = _standing_at(environment, config_version).items()
    found = {name: secrets.readable(row.value) if row.is_secret else row.value for name, row in rows}
    return {name: value for name, value in found.items() if value is not None}


def secret_values(environment: Environment) -> list[str]:
    """What logs must mask: the secrets in use, and earlier ones that what still runs may print, in all their shapes.

    An earlier one whose key is gone is left out: it must not keep a deployment from running.
    """
    current = {secrets.open_sealed(row.value) for row in environment.variables.filter(is_secret=True)}
    earlier = environment.variable_versions.filter(is_secret=True).values_list("value", flat=True)
    return masking.shapes({*current, *filter(None, map(secrets.readable, earlier))})


def _plain(row: Stored) -> str:
    return secrets.open_sealed(row.value) if row.is_secret else row.value


def history(environment: Environment, name: str) -> QuerySet[VariableVersion]:
    """Every value a variable had, newest first."""
    return environment.variable_versions.filter(name=name).select_related("changed_by")


@dataclass(frozen=True)
class Difference:
    """A variable that differs, as people may see it: `was` / `now` are masked secrets, or None where there is none."""

    name: str
    was: str | None
    now: str | None
    is_secret: bool

    @property
    def kind(self) -> str:
        """ "added", "removed" or "changed"."""
        if self.was is None:
            return "added"
        return "removed" if self.now is None else "changed"


@dataclass(frozen=True)
class Configuration:
    """The variables of an environment as they were at a version, e.g. that of a deployment; None: as they are now."""

    environment: Environment
    version: int | None = None

    def rows(self) -> dict[str, Stored]:
        if self.version is None:
            return _current(self.environment)
        return _standing_at(self.environment, self.version)


def delta(from_: Environment, to: Environment) -> list[Difference]:
    """What an application that moves from one environment to the other is started with differently, by name."""
    return between(Configuration(from_), Configuration(to))


def since(environment: Environment, config_version: int) -> list[Difference]:
    """What has changed since a configuration version, e.g. the one of the last deployment."""
    return between(Configuration(environment, config_version), Configuration(environment))


def between(before: Configuration, after: Configuration) -> list[Difference]:
    """What differs between two configurations, also of two environments, by name."""
    return _differences(before.rows(), after.rows())


def _current(environment: Environment) -> dict[str, Stored]:
    return {row.name: row for row in environment.variables.all()}


def _standing_at(environment: Environment, config_version: int) -> dict[str, Stored]:
    """The variables as they were at a configuration version."""
    rows = environment.variable_versions.filter(config_version__lte=config_version)
    newest = rows.order_by("name", "-config_version", "-id").distinct("name")
    return {row.name: row for row in newest if not row.is_removed}


def _differences(before: dict[str, Stored], after: dict[str, Stored]) -> list[Difference]:
    pairs = [(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]
    return [
        Difference(
            name, _shown(was), _shown(now), is_secret=any(row is not None and row.is_secret for row in (was, now))
        )
        for name, was, now in pairs
        if not _same(was, now)
    ]


def _shown(row: Stored | None) -> str | None:
    if row is None:
        return None
    return secrets.MASK if row.is_secret else row.value


def _same(one: Stored | None, other: Stored | None) -> bool:
    if one is None or other is None:
        return one is other
    if (one.is_secret, one.value) == (other.is_secret, other.value):
        return True
    plain = secrets.readable(one.value) if one.is_secret and other.is_secret else None
    return plain is not None and plain == secrets.readable(other.value)
