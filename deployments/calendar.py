"""What has a day: reviews, freezes, demos, releases, watches and shifts, each with who is responsible."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Model, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import shifts, words
from deployments.models import Watch, WatchShift
from environments.models import Freeze
from ideas.models import ReviewSession, Rhythm
from lifecycle.models import Product, Role, User
from lifecycle.roles import Actor, people_who_may
from releases.customer_dates import customer_date
from releases.models import Demo, Release

S = Release.Status
COMING = (S.PLANNED, S.FROZEN)


class Kind(StrEnum):
    REVIEW = "review"
    SCOPE_FREEZE = "scope_freeze"
    FREEZE = "freeze"
    DEMO = "demo"
    RELEASE = "release"
    WATCH = "watch"
    SHIFT = "shift"


@dataclass(frozen=True)
class Entry:
    """Something that is on at a time, or all day: then `starts` and `ends` are days, both inclusive.

    `key` stays the same when it moves; `subject` is what it is about.
    """

    kind: Kind
    key: str
    title: str
    starts: date | datetime
    ends: date | datetime
    url: str
    subject: Model
    person: User | None = None
    note: str = ""
    is_cancelled: bool = False

    @property
    def is_all_day(self) -> bool:
        return not isinstance(self.starts, datetime)

    @property
    def first_day(self) -> date:
        return day_of(self.starts)

    @property
    def last_day(self) -> date:
        return day_of(self.ends)


def day_of(moment: date | datetime) -> date:
    """The day in the reader's zone."""
    return timezone.localdate(moment) if isinstance(moment, datetime) else moment


@dataclass(frozen=True)
class Window:
    """The days that are asked for, both inclusive, in the reader's zone."""

    first: date
    last: date

    @property
    def starts_at(self) -> datetime:
        return midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        return midnight(self.last + timedelta(days=1))

    def has(self, entry: Entry) -> bool:
        return entry.first_day <= self.last and entry.last_day >= self.first


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def entries(actor: Actor, window: Window, *, at: datetime | None = None) -> list[Entry]:
    """What this person may see in these days, in order; what was given up is among it, as cancelled."""
    if actor.is_team or (actor.user is not None and actor.user.is_admin):
        found = of_team(actor.product, window, at or timezone.now())
    else:
        found = of_everybody(actor.product)
    return sorted((one for one in found if window.has(one)), key=lambda one: (one.first_day, not_all_day(one), one.key))


def not_all_day(entry: Entry) -> float:
    """All-day entries first, then by the clock."""
    return entry.starts.timestamp() if isinstance(entry.starts, datetime) else 0.0


def of_team(product: Product, window: Window, at: datetime) -> Iterator[Entry]:
    on_duty = list(shifts.during(product, window.starts_at, window.ends_at))
    yield from reviews(product, window)
    yield from freezes(product, window)
    for release in releases(product).prefetch_related(Prefetch("demos", Demo.objects.select_related("host"))):
        yield from of_plan(release)
        yield from map(demo, release.demos.all())
        yield day_of_release(release, reverse("releases:detail", args=[release.version]), at=at)
    yield from watches(product, window, on_duty)
    yield from map(shift, on_duty)


def of_everybody(product: Product) -> Iterator[Entry]:
    """Published releases, their days as far as the product shows them."""
    for release in releases(product).exclude(published_at=None):
        release.product = product
        if customer_date(release) is not None:
            yield day_of_release(release, reverse("releases:customers", args=[release.version]))


def reviews(product: Product, window: Window) -> Iterator[Entry]:
    """The product owner is responsible for a review, else whoever may run one."""
    rows = list(product.reviews.filter(starts_at__gte=window.starts_at, starts_at__lt=window.ends_at))
    if not rows:
        return
    length, person = timedelta(minutes=Rhythm.of(product).minutes), host(product)
    for row in rows:
        yield review(row, length, person)


def host(product: Product) -> User | None:
    owners = User.objects.filter(
        is_active=True, memberships__product=product, memberships__roles__contains=[Role.PRODUCT_OWNER]
    )
    return owners.order_by("name", "id").first() or next(iter(people_who_may("run_review", product)), None)


def review(row: ReviewSession, length: timedelta, person: User | None) -> Entry:
    return Entry(
        kind=Kind.REVIEW,
        key=f"review-{row.pk}",
        title=_("Review of %(week)s") % {"week": row.week},
        starts=row.starts_at,
        ends=row.starts_at + length,
        url=reverse("ideas:session", args=[row.week.lower()]),
        subject=row,
        person=person,
        note=str(row.get_status_display()) if row.is_frozen or row.is_open else "",
        is_cancelled=row.status == ReviewSession.Status.DROPPED,
    )


def freezes(product: Product, window: Window) -> Iterator[Entry]:
    rows = Freeze.objects.filter(product=product, starts_at__lt=window.ends_at, ends_at__gt=window.starts_at)
    for row in rows.select_related("created_by"):
        yield Entry(
            kind=Kind.FREEZE,
            key=f"freeze-{row.pk}",
            title=_("Nothing new goes to production: %(reason)s") % {"reason": row.reason},
            starts=row.starts_at,
            ends=row.ends_at,
            url=reverse("environments:freeze"),
            subject=row,
            person=row.created_by,
        )


def releases(product: Product) -> QuerySet[Release]:
    """All but drafts; a plan that was given up is told as long as somebody may have it in a calendar."""
    rows = Release.objects.filter(product=product).exclude(status=S.DRAFT)
    rows = rows.exclude(status=S.DROPPED, published_at=None)
    return rows.select_related("owner", "author", "shipping_time")


def of_plan(release: Release) -> Iterator[Entry]:
    """The days of freeze and demo as planned, until there is more to say."""
    freeze = release.frozen_at or (release.freeze_on if release.status == S.PLANNED else None)
    if freeze is not None:
        yield about(release, Kind.SCOPE_FREEZE, "scope", _("Scope freeze of %(version)s"), freeze)
    sessions = [row for row in release.demos.all() if row.status != Demo.Status.CANCELLED]
    if release.demo_on is not None and release.status in COMING and not sessions:
        yield about(release, Kind.DEMO, "demo", _("Demo of %(version)s"), release.demo_on)


def demo(row: Demo) -> Entry:
    """A session: its host is responsible."""
    facts = {"version": row.release.version, "audience": row.get_audience_display()}
    return Entry(
        kind=Kind.DEMO,
        key=f"demo-{row.pk}",
        title=_("Demo of %(version)s (%(audience)s)") % facts,
        starts=row.starts_at,
        ends=row.starts_at + timedelta(minutes=row.minutes),
        url=reverse("releases:demo", args=[row.release.version]),
        subject=row,
        person=row.host,
        note=row.place,
        is_cancelled=row.status == Demo.Status.CANCELLED,
    )


def day_of_release(release: Release, url: str, *, at: datetime | None = None) -> Entry:
    """When it went live; until then the time chosen for it (unless `at` is not given), else its target date.

    One entry, which moves.
    """
    time = getattr(release, "shipping_time", None)
    planned = time.due_at if at and time and time.due_at > at else release.target_date
    name = _("Release %(version)s is live") if release.live_at else _("Release %(version)s")
    return about(release, Kind.RELEASE, "live", name, release.live_at or planned, url=url)


def about(release: Release, kind: Kind, what: str, name: str, moment: date | datetime, *, url: str = "") -> Entry:
    return Entry(
        kind=kind,
        key=f"release-{release.pk}-{what}",
        title=name % {"version": release.version},
        starts=moment,
        ends=moment,
        url=url or reverse("releases:detail", args=[release.version]),
        subject=release,
        person=release.owner or release.author,
        note=release.goal,
        is_cancelled=release.status == S.DROPPED,
    )


def watches(product: Product, window: Window, on_duty: Iterable[WatchShift]) -> Iterator[Entry]:
    """Each with whoever is on duty at some time of it; nobody if nobody is."""
    touching = Q(closed_at=None, closes_at__gt=window.starts_at) | Q(closed_at__gt=window.starts_at)
    rows = Watch.objects.filter(touching, product=product, opened_at__lt=window.ends_at)
    for row in rows.select_related("release", "deployment__candidate"):
        ends_at = min(row.closed_at or row.closes_at, row.closes_at)
        there = (one.user for one in on_duty if one.starts_at < ends_at and one.ends_at > row.opened_at)
        yield Entry(
            kind=Kind.WATCH,
            key=f"watch-{row.pk}",
            title=_("Watch of %(version)s") % {"version": words.version(row)},
            starts=row.opened_at,
            ends=max(ends_at, row.opened_at),
            url=reverse("deployments:watch", args=[row.pk]),
            subject=row,
            person=next(there, None),
            note=str(row.get_status_display()),
        )


def shift(row: WatchShift) -> Entry:
    return Entry(
        kind=Kind.SHIFT,
        key=f"shift-{row.pk}",
        title=_("%(who)s is on duty") % {"who": row.user},
        starts=row.starts_at,
        ends=row.ends_at,
        url=reverse("deployments:calendar"),
        subject=row,
        person=row.user,
        note=row.note,
    )
