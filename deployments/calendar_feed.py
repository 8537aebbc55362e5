"""The calendar in iCalendar (RFC 5545), for a person's own calendar program."""

import hashlib
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count, Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from icalendar import Calendar
from icalendar import Event as Component

from deployments.calendar import Entry, Window, entries
from lifecycle import events
from lifecycle.dates import zone
from lifecycle.models import Event, Product, User
from lifecycle.roles import actor_for

PAST, AHEAD = timedelta(days=60), timedelta(days=365)
REFRESH = timedelta(hours=1)
ONE_DAY = timedelta(days=1)
Trace = tuple[int, datetime]


def feed(product: Product, user: User, *, base: str, at: datetime | None = None) -> bytes:
    """What this person may see from two months ago to a year ahead, in their language; the same until it changes.

    `base` is the address of the site, for the links.
    """
    now = at or timezone.now()
    with translation.override(user.language), timezone.override(zone(user.time_zone)):
        today = timezone.localdate(now)
        found = entries(actor_for(user, product), Window(today - PAST, today + AHEAD), at=now)
        return render(product, found, base)


def etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def render(product: Product, found: list[Entry], base: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Lifecycle//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("%(product)s: releases") % {"product": product})
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    traces = traces_of(product, found)
    for entry in found:
        calendar.add_component(component(product, entry, traces.get(subject_of(entry)), base))
    return bytes(calendar.to_ical())


def component(product: Product, entry: Entry, trace: Trace | None, base: str) -> Component:
    """One entry. It says by SEQUENCE and DTSTAMP how often and when what it is about was changed."""
    count, changed_at = trace or (0, noon(entry.starts))
    made = Component()
    made.add("uid", f"{entry.key}.{product.slug}@lifecycle")
    made.add("sequence", count)
    made.add("dtstamp", changed_at.astimezone(UTC))
    made.add("last-modified", changed_at.astimezone(UTC))
    made.add("summary", entry.title)
    made.add("description", description(entry))
    made.add("url", f"{base}{entry.url}")
    made.add("categories", [entry.kind.value])
    made.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    made.add("dtstart", moment(entry.starts))
    if entry.is_all_day:
        made.add("dtend", entry.ends + ONE_DAY)  # the day after: the end is not part of it (RFC 5545, 3.6.1)
    elif entry.ends > entry.starts:
        made.add("dtend", moment(entry.ends))
    made.add("transp", "TRANSPARENT" if entry.is_all_day else "OPAQUE")
    return made


def moment(when: date | datetime) -> date | datetime:
    return when.astimezone(UTC) if isinstance(when, datetime) else when


def noon(when: date | datetime) -> datetime:
    return when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, 12, tzinfo=UTC)


def description(entry: Entry) -> str:
    who = _("Responsible: %(who)s") % {"who": entry.person} if entry.person else _("Nobody is responsible yet")
    return "\n".join(filter(None, [entry.note, who]))


def subject_of(entry: Entry) -> tuple[str, int]:
    return events.kind_of(entry.subject), entry.subject.pk


def traces_of(product: Product, found: list[Entry]) -> dict[tuple[str, int], Trace]:
    """How many events there are about each subject and when the last one was: both only ever grow."""
    subjects = {subject_of(entry) for entry in found}
    rows = Event.objects.filter(
        product=product,
        subject_kind__in={kind for kind, _pk in subjects},
        subject_id__in={pk for _kind, pk in subjects},
    )
    counted = rows.values_list("subject_kind", "subject_id").annotate(count=Count("id"), last=Max("at"))
    return {(kind, pk): (count, last) for kind, pk, count, last in counted}
