"""The ideas that a change serves: chosen by a person, or named by `Idea: 42` in its commits."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from environments.git import Commit
from ideas.models import Idea, Stop
from lifecycle import events
from lifecycle.events import By
from lifecycle.transitions import NotAllowed
from releases import progress
from releases.changes import is_frozen
from releases.models import Change, Release
from releases.plan_changes import require_open
from releases.replanning import hold, replanned

ENDED = (Change.Status.DROPPED, Change.Status.LIVE)
BEGUN = (Change.Status.DEVELOPMENT, Change.Status.READY, Change.Status.STAGING, Change.Status.APPROVED)
LINKED = "change.ideas_linked"


@transaction.atomic
def link_ideas(change: Change, ideas: Iterable[Idea], *, by: By, at: datetime | None = None) -> None:
    """The change serves exactly these ideas from now on; none makes it maintenance.

    NotAllowed once its release is frozen or it has ended; ValidationError for an idea that was merged into another or
    is nobody's wish any more. An idea that nothing else serves goes back to the queue.
    """
    hold(change.release_id)
    require_choosable(change)
    wanted, had = {idea.pk: idea for idea in ideas}, {idea.pk: idea for idea in change.ideas.all()}
    come, gone = [wanted[pk] for pk in wanted if pk not in had], [had[pk] for pk in had if pk not in wanted]
    require_wanted(come)
    if not come and not gone:
        return
    change.ideas.set(wanted.values())
    events.record(LINKED, change, by=by, at=at, ideas=sorted(wanted), left=[idea.pk for idea in gone])
    follow_up(change, gone, by=by, at=at)


def follow_up(change: Change, gone: list[Idea], *, by: By, at: datetime | None) -> None:
    """What it means for where the ideas are. A draft says nothing yet; what is built without a plan says so itself."""
    release = change.release
    if release is not None and release.status != Release.Status.PLANNED:
        return
    if release is not None:
        progress.advance([change], Stop.PLANNED, by=by, fact=release, at=at)
    if change.status in BEGUN:
        progress.advance([change], progress.STOP_OF[Change.Status(change.status)], by=by, fact=change, at=at)
    progress.back_to_queue(gone, by=by, fact=release or change, at=at)
    if release is not None:
        replanned(release, "ideas", changes=[change.pk], by=by, at=at)


def may_choose(change: Change) -> bool:
    """Whether what it serves can still be said: while its plan is open, or while it is built without one."""
    return change.release.is_open if change.release is not None else change.status not in ENDED


def require_choosable(change: Change) -> None:
    """NotAllowed unless `may_choose`."""
    if change.release is not None:
        require_open(change.release)
    elif change.status in ENDED:
        raise NotAllowed(_("%(change)s has ended.") % {"change": change.key})


def require_wanted(ideas: Iterable[Idea]) -> None:
    """ValidationError unless each was accepted and stands for itself."""
    for idea in ideas:
        if idea.canonical_id or idea.status != Idea.Status.ACCEPTED:
            raise ValidationError({"ideas": _("“%(idea)s” was not accepted.") % {"idea": idea}})


def take_up(change: Change, commits: Iterable[Commit], *, by: By) -> None:
    """The change serves, too, what its commits name with `Idea: 42`; a duplicate stands for its primary.

    What was not accepted, and what a person took off the change, is left alone. Nothing once the plan is frozen.
    """
    numbers = {number for commit in commits for number in numbers_in(commit)}
    if not numbers or is_frozen(change) or not may_choose(change):
        return
    named = Idea.objects.filter(product=change.product_id, number__in=numbers).select_related("canonical")
    found = {idea.pk: idea for idea in (one.canonical or one for one in named)}
    now = list(change.ideas.all())
    refused = {*taken_off(change), *(idea.pk for idea in now)}
    come = [idea for pk, idea in sorted(found.items()) if pk not in refused and idea.status == Idea.Status.ACCEPTED]
    if come:
        link_ideas(change, [*now, *come], by=by)


def taken_off(change: Change) -> set[int]:
    """The ideas that were taken off it at some time."""
    rows = events.about(change).filter(verb=LINKED).values_list("data", flat=True)
    return {pk for data in rows for pk in data.get("left", ())}


def numbers_in(commit: Commit) -> list[int]:
    """The numbers of its `Idea` trailers, as they come: `Idea: 42`, also `Idea: #42`."""
    said = [value.removeprefix("#") for value in commit.values("Idea")]
    return [int(value) for value in said if value.isascii() and value.isdecimal() and len(value) < 10]
