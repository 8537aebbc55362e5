"""Changing what is frozen, unless it is just going to production (see releases/rescoping.py)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from deployments import services, unfreezing
from lifecycle.events import By
from releases import rescoping
from releases.models import Candidate, Change, Release


@transaction.atomic
def take_in(release: Release, change: Change, *, reason: str, by: By, at: datetime | None = None) -> Candidate:
    """One more change for a frozen release; what waited for production is cancelled."""
    return _rescope(rescoping.take_in, release, change, reason=reason, by=by, at=at)


@transaction.atomic
def take_out(
    release: Release, change: Change, *, reason: str, by: By, with_above: bool = False, at: datetime | None = None
) -> Candidate:
    """The frozen release goes on without a change (and, when told so, without what is built on it)."""
    return _rescope(rescoping.take_out, release, change, reason=reason, with_above=with_above, by=by, at=at)


@transaction.atomic
def renew(release: Release, change: Change, *, reason: str, by: By, at: datetime | None = None) -> Candidate:
    """The change as it was pushed since the freeze."""
    return _rescope(rescoping.renew, release, change, reason=reason, by=by, at=at)


def _rescope(use_case: Callable[..., Candidate], release: Release, change: Change, **said: Any) -> Candidate:
    """NotAllowed while the release is on its way to production."""
    locked = services.locked_release(release)
    why = _("What is frozen was changed.")
    unfreezing.clear_the_way(locked, by=said["by"], reason=why, at=said["at"])
    candidate = use_case(locked, change, **said)
    release.refresh_from_db()
    return candidate
