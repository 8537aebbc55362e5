"""What a plan promised on the day it was published, against what came of it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Max, Min, Q
from django.utils import timezone

from lifecycle.events import words_of
from lifecycle.models import Event
from releases.models import CandidateChange, Change, Release, Verdict

PLANNED, LEFT = "change.planned", "change.left_plan"


@dataclass(frozen=True)
class Added:
    """A change that nobody was promised, and the day it came into the plan (None: straight into the candidate)."""

    change: Change
    on: date | None


@dataclass(frozen=True)
class Gone:
    """A change that was promised and is not in it, with the words of whoever took it out."""

    change: Change
    reason: str


@dataclass(frozen=True)
class Effort:
    """The points it was estimated at, and the days from the first push to the tester's last yes."""

    change: Change
    days: int

    @property
    def estimate(self) -> int | None:
        return self.change.estimate


@dataclass(frozen=True)
class Delivered:
    """The plan as published against what is in the release now; `is_final` once it went live."""

    kept: list[Change]
    added: list[Added]
    gone: list[Gone]
    efforts: list[Effort]
    slip_days: int
    is_final: bool

    @property
    def promised(self) -> int:
        return len(self.kept) + len(self.gone)

    @property
    def is_as_planned(self) -> bool:
        return not (self.added or self.gone or self.slip_days)


def compare(release: Release) -> Delivered | None:
    """None for what was never promised: drafts, plans that were given up, hotfixes and undos."""
    if not release.is_planned or release.published_at is None or release.status == Release.Status.DROPPED:
        return None
    history, now = in_and_out(release), contents(release)
    promised = {pk for pk, events in history.items() if was_in(events, release.published_at)}
    known = Change.objects.in_bulk([*promised, *now])
    kept = sorted(promised & now)
    return Delivered(
        kept=[known[pk] for pk in kept],
        added=[Added(known[pk], came_on(history.get(pk, ()))) for pk in sorted(now - promised)],
        gone=[Gone(known[pk], reason(history[pk])) for pk in sorted(promised - now)],
        efforts=efforts(now),
        slip_days=(arrived_on(release) - (release.first_target_date or release.target_date)).days,
        is_final=release.is_out,
    )


def in_and_out(release: Release) -> dict[int, list[Event]]:
    """Per change the events by which it came into this plan or left it, oldest first; a hotfix takes one away, too."""
    rows = Event.objects.filter(
        Q(data__release=release.pk) | Q(data__left=release.pk),
        product=release.product_id,
        subject_kind="change",
        verb__in=[PLANNED, LEFT],
        at__gte=release.created_at,
    )
    found: dict[int, list[Any]] = defaultdict(list)
    event: Any
    for event in rows.select_related("note").order_by("at", "id"):
        event.is_in = event.verb == PLANNED and event.data.get("release") == release.pk
        found[event.subject_id].append(event)
    return found


def was_in(events: Iterable[Any], at: datetime) -> bool:
    before = [event for event in events if event.at <= at]
    return bool(before) and before[-1].is_in


def came_on(events: Iterable[Any]) -> date | None:
    days = [timezone.localdate(event.at) for event in events if event.is_in]
    return days[-1] if days else None


def reason(events: Iterable[Any]) -> str:
    """The words with which it left last."""
    words = [words for event in events if not event.is_in and (words := words_of(event))]
    return words[-1] if words else ""


def contents(release: Release) -> set[int]:
    """What went live, or would by the plan as it is now."""
    if release.is_out:
        rows = CandidateChange.objects.filter(candidate=release.candidate_id, action=CandidateChange.Action.APPLY)
        return set(rows.values_list("change", flat=True))
    return set(release.changes.values_list("pk", flat=True))


def arrived_on(release: Release) -> date:
    return timezone.localdate(release.live_at) if release.live_at else release.target_date


def efforts(pks: set[int]) -> list[Effort]:
    """How long each change took, of those that a tester has approved."""
    yes = Q(verdicts__outcome=Verdict.Outcome.APPROVED)
    rows = Change.objects.filter(pk__in=pks).order_by("number")
    rows = rows.annotate(begun_at=Min("revisions__seen_at"), approved_at=Max("verdicts__at", filter=yes))
    return [
        Effort(row, days_between(row.begun_at, row.approved_at)) for row in rows if row.begun_at and row.approved_at
    ]


def days_between(begun_at: datetime, ended_at: datetime) -> int:
    """Days on the calendar, the first and the last one counted."""
    return (timezone.localdate(ended_at) - timezone.localdate(begun_at)).days + 1
