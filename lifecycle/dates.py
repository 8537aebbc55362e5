"""Dates in words, prepared in Python (half of a naive page's cost is the `date` filter)."""

import zoneinfo
from datetime import date, datetime, timedelta

from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _


def ago(at: datetime, *, now: datetime | None = None) -> str:
    """ "today", "3 days ago", "2 weeks ago", "5 months ago"."""
    days = ((now or timezone.now()) - at).days
    if days < 1:
        return minutes_ago((now or timezone.now()) - at)
    if days < 14:
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    if days < 60:
        return ngettext("%(n)d week ago", "%(n)d weeks ago", days // 7) % {"n": days // 7}
    return ngettext("%(n)d month ago", "%(n)d months ago", days // 30) % {"n": days // 30}


def minutes_ago(passed: timedelta) -> str:
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    hours = minutes // 60
    return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}


def day(at: date) -> str:
    """ "27 November" in the reader's zone and language."""
    return formats.date_format(timezone.localtime(at) if isinstance(at, datetime) else at, day_format())


def day_format() -> str:
    """The language's own order, with the month's name as it stands beside a number (Russian: genitive)."""
    return str(formats.get_format("MONTH_DAY_FORMAT")).replace("F", "E")


def weekday(when: date) -> str:
    """ "Friday, 27 November"; small where the language writes it small: mostly it stands within a sentence."""
    name = str(formats.date_format(when, "l"))
    is_small = (get_language() or "").startswith("ru")
    return f"{name.lower() if is_small else name}, {formats.date_format(when, day_format())}"


def clock(at: datetime) -> str:
    """ "10:42" in the reader's zone."""
    return timezone.localtime(at).strftime("%H:%M")


def took(seconds: float) -> str:
    """ "0.4 s", "41 s", "3 min 5 s"."""
    if seconds < 10:
        return _("%(n)s s") % {"n": formats.number_format(seconds, 1)}
    if seconds < 120:
        return _("%(n)s s") % {"n": round(seconds)}
    return _("%(minutes)s min %(seconds)s s") % {"minutes": int(seconds // 60), "seconds": round(seconds % 60)}


def zone(name: str) -> zoneinfo.ZoneInfo:
    """The time zone of this name; UTC for one that nobody knows."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")
