"""Changing what is frozen: a change comes in, goes out, or is taken at what was pushed since.

Each needs a reason and asks for a new candidate, so that nobody ships what was not tested: a yes holds where the files
do not overlap (verdicts.carry_over), every other word about the old digest is stale. Callers come by
deployments/rescoping.py, which first clears what waits for production.
"""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lifecycle import events
from lifecycle.events import By
from lifecycle.transitions import NotAllowed
from releases import changes, freezing, migration_flags, overlaps, stacking
from releases.models import Candidate, Change, Release
from releases.replanning import hold, replanned

S = Change.Status


@transaction.atomic
def take_in(release: Release, change: Change, *, reason: str, by: By, at: datetime | None = None) -> Candidate:
    """One more change for a frozen release, out of the plan it had.

    NotAllowed unless it is offered for staging, fits with the others and says what its migrations do; and for a change
    of another frozen release, a hotfix or an undo.
    """
    hold(change.release_id)
    old = require_scope(release, reason, change)
    change = Change.objects.select_related("release", "revision", "requires", "product").get(pk=change.pk)
    if change.release_id == release.pk:
        raise NotAllowed(_("%(change)s is in it.") % {"change": change.key})
    require_free(change)
    left = change.release
    change.release, change.must = release, True
    change.save(update_fields=["release", "must"])
    require_fitting(release)
    events.record("change.planned", change, by=by, at=at, release=release.pk, left=left.pk if left else None)
    if left is not None:
        replanned(left, "changes", changes=[change.pk], by=by, at=at)
    return again(release, old, "taken_in", [change], reason=reason, by=by, at=at)


@transaction.atomic
def take_out(
    release: Release, change: Change, *, reason: str, by: By, with_above: bool = False, at: datetime | None = None
) -> Candidate:
    """The frozen release goes on without this change, also when a tester has returned it; it waits for another plan.

    NotAllowed for what is not in it, for the last one, and while one built on it stays: `with_above` takes these out,
    too (see `built_on`).
    """
    old = require_scope(release, reason, change)
    if change.pk not in {one.pk for one in release.changes.all()}:
        raise NotAllowed(_("%(change)s is not in %(release)s.") % {"change": change.key, "release": release})
    higher = built_on(release, change)
    if higher and not with_above:
        facts = {"above": ", ".join(one.key for one in higher), "change": change.key}
        raise NotAllowed(_("%(above)s is built on %(change)s: take both out.") % facts)
    leaving = [change, *higher]
    if not release.changes.exclude(pk__in=[one.pk for one in leaving]).exists():
        raise NotAllowed(_("Nothing would be left of %(release)s: open its plan instead.") % {"release": release})
    for one in reversed(leaving):
        one.release = release
        changes.leave_plan(one, by=by, reason=reason, at=at)
    return again(release, old, "taken_out", leaving, reason=reason, by=by, at=at)


@transaction.atomic
def renew(release: Release, change: Change, *, reason: str, by: By, at: datetime | None = None) -> Candidate:
    """Take the change at what was pushed since the freeze; NotAllowed unless that passed its tests and is ready."""
    old = require_scope(release, reason, change)
    change = Change.objects.select_related("release", "revision", "requires", "product").get(pk=change.pk)
    if change.release_id != release.pk:
        raise NotAllowed(_("%(change)s is not in %(release)s.") % {"change": change.key, "release": release})
    if not is_pushed_over(old, change):
        raise NotAllowed(_("Nothing newer was pushed for %(change)s.") % {"change": change.key})
    require_ready(change)
    require_fitting(release)
    return again(release, old, "renewed", [change], reason=reason, renewed=[change.pk], by=by, at=at)


def require_scope(release: Release, reason: str, change: Change) -> Candidate:
    """The candidate that is frozen now; holds the changes, so that no push comes in between."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: whoever tested or approved it reads this.")})
    if not release.is_frozen or release.candidate is None:
        raise NotAllowed(_("Release %(release)s is not frozen.") % {"release": release})
    if release.is_parked:
        raise NotAllowed(_("%(release)s made way; it is put together again when it comes back.") % {"release": release})
    if not release.is_planned:
        raise NotAllowed(_("%(release)s does not wait for a plan: give it up and begin anew.") % {"release": release})
    members = [*release.changes.values_list("pk", flat=True), change.pk, *(one.pk for one in stacking.above(change))]
    stacking.lock(Change.objects.filter(pk__in=members))
    return release.candidate


def require_free(change: Change) -> None:
    other = change.release
    if other is not None and (other.is_frozen or not other.is_planned):
        facts = {"change": change.key, "release": other}
        raise NotAllowed(_("%(change)s is in %(release)s, which does not give it away.") % facts)
    require_ready(change)


def require_ready(change: Change) -> None:
    """NotAllowed, with what is missing, unless its newest revision may be tried on staging."""
    if change.status not in freezing.OFFERED:
        raise NotAllowed(_("%(change)s is not offered for staging.") % {"change": change.key})
    missing = changes.reasons_not_ready(change)
    if missing:
        raise NotAllowed(" ".join(missing))


def require_fitting(release: Release) -> None:
    """NotAllowed, naming what does not go together, as when it was frozen."""
    found = freezing.changes_of(release)
    wrong = [*migration_flags.reasons(found), *freezing.without_the_one_below(found), *overlaps.reasons(found)]
    if wrong:
        raise NotAllowed(" ".join(wrong))


def built_on(release: Release, change: Change) -> list[Change]:
    """The changes of this release that are built on `change`, directly or not."""
    return [one for one in stacking.above(change) if one.release_id == release.pk]


def is_pushed_over(candidate: Candidate, change: Change) -> bool:
    """Whether the candidate has an older revision of the change than its newest."""
    return candidate.rows.filter(change=change).exclude(revision=change.revision_id).exists()


def again(
    release: Release,
    old: Candidate,
    how: str,
    moved: list[Change],
    *,
    reason: str,
    renewed: Iterable[int] = (),
    by: By,
    at: datetime | None,
) -> Candidate:
    """Record what the old digest stood for, and ask for the candidate to come."""
    pks, keys = [change.pk for change in moved], [change.key for change in moved]
    facts = {"how": how, "changes": pks, "keys": keys, "candidate": old.pk, "digest": old.digest}
    events.record("release.scope_changed", release, by=by, at=at, note=reason, **facts)
    replanned(release, "changes", changes=pks, by=by, at=at)
    return freezing.ask(release, by=by, at=at, renewed=renewed)
