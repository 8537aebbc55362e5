"""The strip of at most twelve days on which a release's milestones stand."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from lifecycle.dates import clock, day
from releases.customer_dates import customer_date
from releases.models import Demo, Release, SignOff

COLUMNS = 12
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """One column; `number` is empty where the strip jumps over days."""

    weekday: str
    number: str
    css: str


@dataclass(frozen=True)
class Milestone:
    """What happens on a day: `kind` is its colour in release.css."""

    on: date
    kind: str
    name: str
    note: str
    state: str
    is_planned: bool = False


@dataclass(frozen=True)
class Mark:
    """A milestone in its column."""

    column: int
    milestone: Milestone


@dataclass(frozen=True)
class Strip:
    """The calendar: the line is coloured up to column `until` and ends at column `end`."""

    days: list[Day]
    marks: list[Mark]
    until: int
    end: int


def strip(release: Release, *, for_team: bool, at: datetime | None = None) -> Strip:
    """The release's calendar as the team or as customers see it."""
    today = timezone.localdate(at or timezone.now())
    found = milestones_of(release, today) if for_team else shown_to_customers(release, today)
    milestones = merged(found)
    if len(milestones) == 1:
        return one_day(found)
    chosen = choose({found.on for found in milestones} | {today})
    columns = with_jumps(chosen)
    place = {on: number for number, on in enumerate(columns, start=1) if on}
    marks = [Mark(place[found.on], found) for found in milestones if found.on in place]
    last = marks[-1].column if marks else len(columns)
    return Strip([as_day(on, today) for on in columns], marks, min(place.get(today, 1), last), last)


def shown_to_customers(release: Release, today: date) -> list[Milestone]:
    """What happened but the freeze, and the day it comes if they are told; the team's plans are its own."""
    is_told = customer_date(release) is not None
    found = milestones_of(release, today)
    return [
        one for one in found if one.kind != "freeze" and (not one.is_planned or (is_told and one.kind == "release"))
    ]


def one_day(found: list[Milestone]) -> Strip:
    """Everything on the same day: the milestones side by side without a calendar above them."""
    marks = [Mark(number, one) for number, one in zip(range(1, COLUMNS, 2), found, strict=False)]
    return Strip([], marks, marks[-1].column, marks[-1].column)


def milestones_of(release: Release, today: date) -> list[Milestone]:
    """What happened (facts) and what is planned (the target date), in the order of the process."""
    found = [fact(release.published_at or release.created_at, "review", _("Planned"), today)]
    shown = first_yes(release) if release.frozen_at else None
    if release.frozen_at:
        found.append(fact(release.frozen_at, "freeze", _("Frozen"), today))
    elif release.freeze_on and release.is_open:
        found.append(wish(release.freeze_on, "freeze", _("Freeze"), _("planned")))
    if shown:
        found.append(fact(shown.at, "demo", _("Demo"), today))
    elif not release.is_out:
        found += planned_demo(release, today)
    if release.live_at:
        found.append(fact(release.live_at, "release", _("Release"), today))
        if release.status != Release.Status.ROLLED_BACK:
            ends_at = release.live_at + timedelta(minutes=release.product.watch_minutes)
            found.append(fact(ends_at, "watch", _("Watch ends"), today))
    else:
        found.append(wish(release.target_date, "release", _("Release"), _("target")))
    if not release.live_at and today not in {milestone.on for milestone in found}:
        found.append(Milestone(today, "today", now_doing(release), _("today"), "now"))
    return sorted(found, key=lambda milestone: milestone.on)


def planned_demo(release: Release, today: date) -> list[Milestone]:
    """The next session, else the day that the plan names; nothing while nobody has named one."""
    sessions = release.demos.filter(status__in=[Demo.Status.PLANNED, Demo.Status.OPEN]).order_by("starts_at")
    session = sessions.first() if release.is_frozen else None
    if session is not None:
        return [replace(fact(session.starts_at, "demo", _("Demo"), today), is_planned=True)]
    return [wish(release.demo_on, "demo", _("Demo"), _("planned"))] if release.demo_on else []


def now_doing(release: Release) -> str:
    return _("Testing") if release.is_frozen else _("Building")


def first_yes(release: Release) -> SignOff | None:
    """The first yes of those who were shown it, whatever the digest."""
    said = [signoff for signoff in release.signoffs.all() if signoff.is_yes]
    return min(said, key=lambda signoff: signoff.pk, default=None)


def wish(on: date, kind: str, name: str, note: str) -> Milestone:
    """What is planned for a day."""
    return Milestone(on, kind, name, note, state(on), is_planned=True)


def fact(at: datetime, kind: str, name: str, today: date) -> Milestone:
    on = timezone.localtime(at).date()
    return Milestone(on, kind, name, clock(at) if on == today else day(at), state(on))


def state(on: date) -> str:
    today = timezone.localdate()
    return "now" if on == today else "past" if on < today else "todo"


def merged(milestones: Iterable[Milestone]) -> list[Milestone]:
    """One milestone per day: of several on a day the last gives the colour, and the last two are named."""
    by_day: dict[date, Milestone] = {}
    for found in milestones:
        before = by_day.get(found.on)
        name = f"{before.name.split(', ')[-1]}, {found.name}" if before else found.name
        by_day[found.on] = replace(found, name=name)
    return list(by_day.values())


def choose(keys: set[date]) -> list[date]:
    """The key days and as many of their neighbours as fit into the strip; it begins with the first key day."""
    chosen = set(sorted(keys)[-COLUMNS // 2 :])
    first = min(chosen)
    steps = [step for size in range(1, COLUMNS) for step in (size, -size)]
    for on in [key + ONE_DAY * step for step in steps for key in sorted(chosen, reverse=True)]:
        if on > first and len(with_jumps(sorted(chosen | {on}))) <= COLUMNS:
            chosen.add(on)
    return sorted(chosen)


def with_jumps(days: list[date]) -> list[date | None]:
    """The days with None where the calendar jumps."""
    columns: list[date | None] = []
    for on in days:
        if columns and columns[-1] and on - columns[-1] > ONE_DAY:
            columns.append(None)
        columns.append(on)
    return columns


def as_day(on: date | None, today: date) -> Day:
    if on is None:
        return Day("", "…", "gap")
    css = "today" if on == today else "off" if on.weekday() >= 5 else "past" if on < today else ""
    return Day(formats.date_format(on, "D"), str(on.day), css)
