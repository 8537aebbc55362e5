"""What the facts about changes mean for the stops of their ideas."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Model
from django.utils.translation import gettext_noop

from ideas import services as ideas
from ideas.models import Idea, Stop
from lifecycle.events import By
from releases.models import Change

WAITS = gettext_noop("It waits for another plan.")
STOP_OF = {
    Change.Status.PLANNED: Stop.PLANNED,
    Change.Status.DEVELOPMENT: Stop.DEVELOPMENT,
    Change.Status.READY: Stop.DEVELOPMENT,
    Change.Status.STAGING: Stop.STAGING,
    Change.Status.APPROVED: Stop.STAGING,
    Change.Status.LIVE: Stop.PRODUCTION,
}


def advance(changes: Iterable[Change], stop: int, *, by: By, fact: Model, at: datetime | None = None) -> None:
    """Bring the ideas of `changes` forward to `stop`; an idea arrives when the last of its changes does."""
    for idea in ideas_of(changes):
        if idea.stop < stop and all_have_reached(idea, stop):
            ideas.reach(idea, stop, by=by, fact=fact, at=at)


def take_back(
    changes: Iterable[Change], stop: int, *, by: By, fact: Model, note: str, at: datetime | None = None
) -> None:
    """Bring the ideas of `changes` back to `stop`; whoever was told of a later stop is told of this too."""
    for idea in ideas_of(changes):
        if idea.stop > stop:
            ideas.reach(idea, stop, by=by, note=note, fact=fact, taken_back=True, at=at)


def back_to_queue(found: Iterable[Idea], *, by: By, fact: Model, at: datetime | None = None) -> None:
    """Ideas whose change goes on without them wait for another plan, unless something else serves them."""
    for idea in sorted(found, key=lock_key):
        if not idea.changes.exclude(status=Change.Status.DROPPED).exists() and idea.stop > Stop.REVIEW:
            ideas.reach(idea, Stop.REVIEW, by=by, fact=fact, note=WAITS, taken_back=True, at=at)


def ideas_of(changes: Iterable[Change]) -> list[Idea]:
    """The ideas behind `changes`, each once, in the order of their locks."""
    return sorted(Idea.objects.filter(changes__in=list(changes)).distinct(), key=lock_key)


def lock_key(idea: Idea) -> int:
    """What is locked of an idea is its primary; always in this order, so that nobody waits in a circle."""
    return idea.canonical_id or idea.pk


def all_have_reached(idea: Idea, stop: int) -> bool:
    """Whether every open change of the idea is at `stop` or beyond; a demo and feedback count as their status."""
    needed = {Stop.DEMO: Stop.STAGING, Stop.FEEDBACK: Stop.PRODUCTION}.get(Stop(stop), Stop(stop))
    statuses = idea.changes.exclude(status=Change.Status.DROPPED).values_list("status", flat=True)
    return all(STOP_OF[Change.Status(status)] >= needed for status in statuses)
