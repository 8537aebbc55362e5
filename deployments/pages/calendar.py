"""The calendar's page: a month by days, who is on duty, and the address for one's own calendar program."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments import shifts
from deployments.calendar import Entry, Kind, Window, entries
from deployments.models import WatchShift
from lifecycle import dates
from lifecycle.chips import Chip
from lifecycle.roles import Actor

ONE_DAY = timedelta(days=1)
CHIPS = {
    Kind.REVIEW: Chip("review", "scale", gettext_lazy("Review")),
    Kind.SCOPE_FREEZE: Chip("info", "snowflake", gettext_lazy("Scope freeze")),
    Kind.FREEZE: Chip("warn", "lock", gettext_lazy("No deployments")),
    Kind.DEMO: Chip("demo", "presentation", gettext_lazy("Demo")),
    Kind.RELEASE: Chip("production", "rocket", gettext_lazy("Release")),
    Kind.WATCH: Chip("new", "activity", gettext_lazy("Watch")),
    Kind.SHIFT: Chip("new", "user-check", gettext_lazy("Shift")),
}


@dataclass(frozen=True)
class Row:
    """An entry as the page shows it."""

    entry: Entry
    chip: Chip
    when: str


@dataclass(frozen=True)
class Day:
    """A day with what begins on it, or is on when the month begins."""

    number: int
    weekday: str
    name: str
    css: str
    rows: list[Row]


def page(actor: Actor, *, month: str = "", at: datetime | None = None) -> dict[str, Any]:
    """Everything calendar.html shows; `month` is like 2026-11, anything else is the present one."""
    now = at or timezone.now()
    today = timezone.localdate(now)
    first = month_of(month) or today.replace(day=1)
    window = Window(first, following(first) - ONE_DAY)
    found = [one for one in entries(actor, window, at=now) if not one.is_cancelled]
    return {
        "headline": headline(actor, now),
        "month": formats.date_format(first, "YEAR_MONTH_FORMAT"),
        "days": days(found, window, today),
        "before": link(first - ONE_DAY),
        "after": link(following(first)),
        "is_present": first == today.replace(day=1),
        "duty": shifts.on_duty(actor.product, at=now),
        "shifts": [shift_row(one, actor) for one in shifts.coming(actor.product, at=now)[:10]],
    }


def month_of(text: str) -> date | None:
    """The first day of a month between 2000 and 2100."""
    year, _dash, month = text.partition("-")
    if not (year.isdecimal() and month.isdecimal() and len(text) <= 7):
        return None
    return date(int(year), int(month), 1) if 2000 <= int(year) <= 2100 and 1 <= int(month) <= 12 else None


def following(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def link(day: date) -> str:
    return f"{reverse('deployments:calendar')}?month={day:%Y-%m}"


def headline(actor: Actor, now: datetime) -> str:
    """What comes next."""
    today = timezone.localdate(now)
    ahead = entries(actor, Window(today, today + timedelta(days=60)), at=now)
    told = (one for one in ahead if one.kind not in (Kind.WATCH, Kind.SHIFT) and not one.is_cancelled)
    coming = next((one for one in told if is_to_come(one, now, today)), None)
    if coming is None:
        return _("Nothing is planned for the next weeks")
    return _("Next: %(what)s, %(when)s") % {"what": coming.title, "when": dates.weekday(coming.first_day)}


def is_to_come(entry: Entry, now: datetime, today: date) -> bool:
    return entry.first_day >= today if entry.is_all_day else entry.starts >= now


def days(found: list[Entry], window: Window, today: date) -> list[Day]:
    """The days on which something begins, and today."""
    by_day = {on: list(group) for on, group in groupby(found, lambda one: max(one.first_day, window.first))}
    if window.first <= today <= window.last:
        by_day.setdefault(today, [])
    return [day(on, by_day[on], today) for on in sorted(by_day)]


def day(on: date, found: list[Entry], today: date) -> Day:
    css = "today" if on == today else "past" if on < today else ""
    weekday = formats.date_format(on, "D")
    return Day(on.day, weekday, dates.weekday(on), css, [Row(one, CHIPS[one.kind], when(one)) for one in found])


def when(entry: Entry) -> str:
    """ "all day", "10:00–11:00", or until which day it lasts."""
    if entry.is_all_day:
        return _("all day")
    starts = dates.clock(entry.starts)
    if entry.ends == entry.starts:
        return starts
    if entry.first_day == entry.last_day:
        return f"{starts}–{dates.clock(entry.ends)}"
    return _("%(starts)s until %(ends)s") % {"starts": starts, "ends": shifts.moment(entry.ends)}


def from_to(row: WatchShift) -> str:
    """ "27 November, 10:00–18:00", with both days where there are two."""
    if timezone.localdate(row.starts_at) == timezone.localdate(row.ends_at):
        return f"{shifts.moment(row.starts_at)}–{dates.clock(row.ends_at)}"
    return f"{shifts.moment(row.starts_at)} – {shifts.moment(row.ends_at)}"


def shift_row(row: WatchShift, actor: Actor) -> dict[str, Any]:
    return {
        "shift": row,
        "when": from_to(row),
        "is_mine": actor.user is not None and row.user_id == actor.user.pk,
    }
