"""The only code that writes a `status`."""

from contextlib import nullcontext
from datetime import datetime
from typing import Any, TypeAlias

from django.db import transaction
from django.utils.translation import gettext as _

from lifecycle import events


class NotAllowed(Exception):
    """A move or a use-case that the present state does not allow; the message says why and what to do (HTTP 409)."""


# A model with `Status`, `MOVES` and `status`: what fits is what the test of all machines accepts.
Thing: TypeAlias = Any


def move(
    thing: Thing,
    to: str,
    *,
    by: events.By,
    note: str = "",
    at: datetime | None = None,
    guard: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    silent: bool = False,
    **fields: Any,
) -> None:
    """Move `thing` from its present status to `to` by compare-and-set, and record the event with it.

    `guard` are further conditions the row must still meet (e.g. `{"fence": 7}`), `fields` are written with the status.
    Raises NotAllowed if MOVES has no such move or somebody else was faster; then nothing is written. `silent` rows
    (notifications, background work) leave no event.
    """
    before = thing.status
    if to not in thing.MOVES.get(before, ()):
        raise NotAllowed(refusal(thing, before, to))
    with nullcontext() if silent else transaction.atomic():
        rows = type(thing)._base_manager.filter(pk=thing.pk, status=before, **(guard or {}))
        if rows.update(status=to, **fields) != 1:
            raise NotAllowed(_("Somebody else has just changed this. Reload the page and look again."))
        for name, value in {"status": to, **fields}.items():
            setattr(thing, name, value)
        if not silent:
            verb = f"{events.kind_of(thing)}.{to}"
            events.record(verb, thing, by=by, at=at, note=note, from_status=before, to_status=to, **(data or {}))


def refusal(thing: Thing, before: str, to: str) -> str:
    """A readable reason why `thing` cannot go from `before` to `to`."""
    labels = {value: str(label) for value, label in type(thing).Status.choices}
    return _("%(thing)s is “%(now)s”, so it cannot become “%(to)s”.") % {
        "thing": thing,
        "now": labels.get(before, before),
        "to": labels.get(to, to),
    }
