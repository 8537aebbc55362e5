"""The calendar: what stands on it, who is responsible, and who sees what of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments import calendar
from deployments.calendar import Entry, Kind, Window
from deployments.models import ShippingTime, WatchShift
from deployments.pages import calendar as page
from environments.models import Freeze
from ideas.models import ReviewSession
from releases import rules
from releases.models import Demo, Release
from tests.cast import Cast, SignIn
from tests.deployments.watched import deployment, environment, release

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 30))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def planned(cast: Cast, version: str = "24.11", **facts: Any) -> Release:
    given = {
        "product": cast.product,
        "version": version,
        "goal": "Presents in time",
        "status": Release.Status.PLANNED,
        "target_date": date(2026, 11, 27),
        "author": cast.petra,
        "created_at": NOW,
        "published_at": NOW,
    }
    return Release.objects.create(**{**given, **facts})


def seen(cast: Cast, who: str | None = "ops", window: Window = NOVEMBER) -> list[Entry]:
    return calendar.entries(cast.actor(getattr(cast, who) if who else None), window, at=NOW)


def only(cast: Cast, kind: Kind) -> Entry:
    [found] = [entry for entry in seen(cast) if entry.kind == kind]
    return found


def test_a_plan_has_its_freeze_its_demo_and_its_target(cast: Cast) -> None:
    planned(cast, freeze_on=date(2026, 11, 24), demo_on=date(2026, 11, 25), owner=cast.lena)
    found = [(entry.kind, entry.first_day.day, entry.is_all_day, entry.person) for entry in seen(cast)]
    assert found == [
        (Kind.SCOPE_FREEZE, 24, True, cast.lena),
        (Kind.DEMO, 25, True, cast.lena),
        (Kind.RELEASE, 27, True, cast.lena),
    ]


def test_without_an_owner_whoever_planned_it_is_responsible(cast: Cast) -> None:
    planned(cast)
    assert only(cast, Kind.RELEASE).person == cast.petra


def test_a_draft_promises_nothing(cast: Cast) -> None:
    planned(cast, status=Release.Status.DRAFT, published_at=None)
    assert seen(cast) == []


def test_a_time_that_was_chosen_stands_in_the_place_of_the_target_date(cast: Cast) -> None:
    made = planned(cast)
    target = only(cast, Kind.RELEASE)
    due_at = NOW + 3 * DAY
    ShippingTime.objects.create(release=made, due_at=due_at, chosen_by=cast.max, chosen_at=NOW)
    found = only(cast, Kind.RELEASE)
    assert (found.starts, found.key) == (due_at, target.key)


def test_what_went_live_stands_where_it_did(cast: Cast) -> None:
    planned(cast, status=Release.Status.DONE, frozen_at=NOW - 2 * DAY, live_at=NOW - DAY)
    assert only(cast, Kind.RELEASE).starts == NOW - DAY
    assert only(cast, Kind.SCOPE_FREEZE).starts == NOW - 2 * DAY


def test_sessions_of_a_demo_stand_in_the_place_of_its_day(cast: Cast) -> None:
    made = planned(cast, demo_on=date(2026, 11, 25))
    facts = {"release": made, "starts_at": NOW + DAY, "host": cast.lena, "created_at": NOW}
    Demo.objects.create(audience="managers", place="The kitchen", **facts)
    found = only(cast, Kind.DEMO)
    assert (found.starts, found.ends, found.person) == (NOW + DAY, NOW + DAY + HOUR / 2, cast.lena)
    Demo.objects.update(status="cancelled")
    found = [(entry.is_cancelled, entry.is_all_day) for entry in seen(cast) if entry.kind == Kind.DEMO]
    assert sorted(found) == [(False, True), (True, False)]


def test_a_review_is_the_product_owners(cast: Cast) -> None:
    ReviewSession.objects.create(product=cast.product, week="2026-W47", starts_at=NOW + DAY)
    found = only(cast, Kind.REVIEW)
    assert (found.person, found.ends - found.starts) == (cast.petra, HOUR)
    ReviewSession.objects.update(status="frozen")
    assert only(cast, Kind.REVIEW).note == "Agenda stands"
    ReviewSession.objects.update(status="dropped")
    assert only(cast, Kind.REVIEW).is_cancelled


def test_freezes_watches_and_shifts_stand_with_their_people(cast: Cast) -> None:
    window = {"starts_at": NOW + DAY, "ends_at": NOW + 4 * DAY}
    Freeze.objects.create(product=cast.product, reason="Black Friday", created_by=cast.max, **window)
    made = deployment(environment(cast.product), release(cast, "24.10"), at=NOW)
    made.watch = calendar.Watch.objects.create(
        product=cast.product, deployment=made, opened_at=NOW, closes_at=NOW + DAY, next_sample_at=NOW
    )
    assert only(cast, Kind.WATCH).person is None
    WatchShift.objects.create(product=cast.product, user=cast.dev, starts_at=NOW - HOUR, ends_at=NOW + HOUR)
    assert only(cast, Kind.FREEZE).person == cast.max
    assert only(cast, Kind.WATCH).person == cast.dev
    assert only(cast, Kind.SHIFT).person == cast.dev


def test_what_began_before_the_window_and_lasts_into_it_is_there(cast: Cast) -> None:
    Freeze.objects.create(
        product=cast.product,
        reason="Autumn",
        starts_at=datetime(2026, 10, 30, tzinfo=UTC),
        ends_at=datetime(2026, 11, 2, tzinfo=UTC),
    )
    assert [entry.kind for entry in seen(cast)] == [Kind.FREEZE]
    assert seen(cast, window=Window(date(2026, 12, 1), date(2026, 12, 31))) == []


def test_customers_see_releases_as_far_as_the_product_shows_their_days(cast: Cast) -> None:
    planned(cast, freeze_on=date(2026, 11, 24))
    planned(cast, "24.10", status=Release.Status.DONE, live_at=NOW - DAY)
    Freeze.objects.create(product=cast.product, reason="Black Friday", starts_at=NOW, ends_at=NOW + DAY)
    for who in ("cleo", None):
        assert {entry.kind for entry in seen(cast, who)} == {Kind.RELEASE}
        assert len(seen(cast, who)) == 2
    rules.change(cast.product, by=cast.petra, dates_shown="never")
    cast.product.refresh_from_db()
    assert [entry.title for entry in seen(cast, "cleo")] == ["Release 24.10 is live"]
    rules.change(cast.product, by=cast.petra, dates_shown="frozen")
    cast.product.refresh_from_db()
    assert len(seen(cast, "cleo")) == 1
    Release.objects.filter(version="24.11").update(status="frozen", frozen_at=NOW)
    assert len(seen(cast, "cleo")) == 2


def test_the_page_shows_a_month_and_what_comes_next(cast: Cast, sign_in: SignIn) -> None:
    today = timezone.localdate()
    planned(cast, target_date=today + 3 * DAY)
    client = sign_in(cast.dev)
    text = client.get("/calendar/").content.decode()
    assert "Next: Release 24.11" in text
    month = f"/calendar/?month={today + 3 * DAY:%Y-%m}"
    assert "Presents in time" in client.get(month).content.decode()
    assert "Presents in time" not in client.get("/calendar/?month=2031-01").content.decode()


@pytest.mark.parametrize("month", ["", "x", "2026", "2026-13", "2026-00", "9999-12", "1-1", "2026-1²"])
def test_a_month_that_there_is_not_is_the_present_one(cast: Cast, month: str) -> None:
    assert page.page(cast.actor(cast.dev), month=month, at=NOW)["month"] == "November 2026"


def test_what_was_given_up_is_not_on_the_page(cast: Cast) -> None:
    planned(cast, status=Release.Status.DROPPED)
    assert [entry.is_cancelled for entry in seen(cast)] == [True]
    found = page.page(cast.actor(cast.dev), at=NOW)
    assert [row for day in found["days"] for row in day.rows] == []
    assert found["headline"] == "Nothing is planned for the next weeks"


def test_it_asks_the_same_whatever_the_number_of_releases(cast: Cast) -> None:
    planned(cast)
    with CaptureQueriesContext(connection) as few:
        seen(cast)
    for number in range(12, 20):
        planned(cast, f"24.{number}")
    with CaptureQueriesContext(connection) as many:
        assert len(seen(cast)) == 9
    assert len(many) == len(few) <= 9


@pytest.mark.parametrize(("who", "status"), [("cleo", 403), ("tess", 200), ("max", 200)])
def test_the_page_is_the_teams(cast: Cast, sign_in: SignIn, who: str, status: int) -> None:
    assert sign_in(getattr(cast, who)).get("/calendar/").status_code == status
