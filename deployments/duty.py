"""Who is on duty for a release, in words: on its watch and in its cockpit."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import shifts
from deployments.models import Watch, WatchShift
from lifecycle.models import Product, User


@dataclass(frozen=True)
class Duty:
    """The person (None: nobody) and a sentence; `is_covered`: somebody is there the whole time."""

    person: User | None
    words: str
    is_covered: bool


def of_watch(watch: Watch, *, at: datetime | None = None) -> Duty | None:
    """Who looks after what is being watched now; None once the watch has ended."""
    now = at or timezone.now()
    if watch.status != Watch.Status.OPEN:
        return None
    return between(watch.product, now, max(watch.closes_at, now))


def after(product: Product, begins_at: datetime) -> Duty:
    """Who will look after a release that goes live then."""
    return between(product, begins_at, begins_at + timedelta(minutes=product.watch_minutes))


def between(product: Product, starts_at: datetime, ends_at: datetime) -> Duty:
    rows = shifts.during(product, starts_at, ends_at).filter(user__is_active=True)
    return said(list(rows), starts_at, ends_at)


def said(rows: list[WatchShift], starts_at: datetime, ends_at: datetime) -> Duty:
    if not rows:
        return Duty(None, _("Nobody is on duty"), False)
    first, until = rows[0], shifts.covered_until(rows, starts_at)
    if first.starts_at > starts_at:
        facts = {"who": first.user, "when": shifts.moment(first.starts_at)}
        return Duty(None, _("Nobody is on duty until %(when)s, then %(who)s") % facts, False)
    facts = {"who": first.user, "when": shifts.moment(first.ends_at), "end": shifts.moment(until)}
    if until >= ends_at:
        return Duty(first.user, _("%(who)s is on duty until %(when)s") % facts, True)
    if until == first.ends_at:
        return Duty(first.user, _("%(who)s is on duty until %(when)s, then nobody") % facts, False)
    return Duty(first.user, _("%(who)s is on duty until %(when)s; from %(end)s on nobody") % facts, False)
