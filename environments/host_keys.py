"""The keys of an environment's servers: shown by a worker, confirmed by a person, spoken with only then.

A worker looks (deployments/host_keys.py); nothing is trusted because it was seen, and a changed key is shown beside the
confirmed one until somebody confirms it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from environments.models import Environment, HostKey
from environments.variables import configuration_changed
from lifecycle import events, jobs
from lifecycle.events import By
from lifecycle.models import User
from lifecycle.transitions import NotAllowed


@dataclass(frozen=True)
class Server:
    """One host on the settings page: the key that is confirmed, and the one it showed last if that is another."""

    host: str
    port: int
    confirmed: HostKey | None
    shown: HostKey | None

    @property
    def is_changed(self) -> bool:
        """Somebody confirmed another key than the host shows now: no deployment speaks with it."""
        return self.confirmed is not None and self.shown is not None

    @property
    def is_unknown(self) -> bool:
        return self.confirmed is None


def of(environment: Environment) -> list[Server]:
    """Every host that was ever looked at, by name. One statement."""
    found: dict[tuple[str, int], list[HostKey]] = {}
    for key in environment.host_keys.select_related("confirmed_by").order_by("host", "port", "-seen_at", "-id"):
        found.setdefault((key.host, key.port), []).append(key)
    return [_server(place, keys) for place, keys in found.items()]


def _server(place: tuple[str, int], newest_first: list[HostKey]) -> Server:
    confirmed = next((key for key in newest_first if key.confirmed_at), None)
    latest = newest_first[0]
    return Server(*place, confirmed, None if latest.confirmed_at else latest)


def pinned(environment: Environment) -> dict[str, str]:
    """The confirmed keys as drivers take them: "web1:22" → OpenSSH line."""
    rows = environment.host_keys.filter(confirmed_at__isnull=False)
    return {f"[{row.host}]:{row.port}" if ":" in row.host else f"{row.host}:{row.port}": row.key for row in rows}


@transaction.atomic
def confirm(key: HostKey, *, by: User, at: datetime | None = None) -> None:
    """Let deployments speak with the host that shows this key; one confirmed before no longer counts.

    NotAllowed for a key that the host has not shown last: somebody looked at an old page.
    """
    same_host = {"environment": key.environment_id, "host": key.host, "port": key.port}
    Environment.objects.select_for_update(no_key=True).get(pk=key.environment_id)
    rows = HostKey.objects.filter(**same_host)
    if rows.order_by("-seen_at", "-id").first() != key:
        raise NotAllowed(_("%(host)s has shown another key since.") % {"host": key.host})
    rows.exclude(pk=key.pk).update(confirmed_by=None, confirmed_at=None)
    if rows.filter(pk=key.pk, confirmed_at=None).update(confirmed_by=by, confirmed_at=at or timezone.now()):
        facts: dict[str, Any] = {"host": key.host, "port": key.port, "fingerprint": key.fingerprint}
        configuration_changed(key.environment, "environment.host_key_confirmed", by=by, at=at, **facts)
    key.refresh_from_db()


@transaction.atomic
def look_later(environment: Environment, *, by: User, at: datetime | None = None) -> None:
    """Let a worker ask every host of the environment for its key."""
    events.record("environment.host_keys_asked", environment, by=by, at=at)
    jobs.enqueue("host_key", environment, product=environment.product)


def note_seen(
    environment: Environment, *, host: str, port: int, key: str, fingerprint: str, by: By, at: datetime | None = None
) -> HostKey:
    """Write down the key that a host shows; one that is not the confirmed one is an event."""
    now = at or timezone.now()
    place = {"environment": environment, "host": host, "port": port}
    row, _created = HostKey.objects.update_or_create(
        **place, fingerprint=fingerprint, defaults={"seen_at": now}, create_defaults={"seen_at": now, "key": key}
    )
    changed = HostKey.objects.filter(**place, confirmed_at__isnull=False).exclude(pk=row.pk).first()
    if changed is not None:
        facts: dict[str, Any] = {
            "host": host,
            "port": port,
            "fingerprint": fingerprint,
            "confirmed": changed.fingerprint,
        }
        events.record("environment.host_key_changed", environment, by=by, at=at, **facts)
    return row
