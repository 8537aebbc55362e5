"""The calendar strip: facts and the target date in at most twelve columns."""

from datetime import timedelta

import pytest
from django.utils import timezone

from releases.models import Demo, Release
from releases.pages.calendar import COLUMNS, strip


@pytest.mark.parametrize("days", [1, 4, 11, 12, 40, 400])
def test_it_never_has_more_than_twelve_columns_and_keeps_the_target(cast, plan_of, days):
    release = plan_of("Keep a wishlist")
    release.target_date = timezone.localdate() + timedelta(days=days)
    found = strip(release, for_team=True)
    assert len(found.days) <= COLUMNS
    assert [mark.milestone.kind for mark in found.marks] == ["review", "release"]
    assert found.marks[0].column == 1
    assert found.days[found.marks[-1].column - 1].number == str(release.target_date.day)


def test_a_jump_is_one_column(cast, plan_of):
    release = plan_of("Keep a wishlist")
    release.target_date = timezone.localdate() + timedelta(days=40)
    assert [day.css for day in strip(release, for_team=True).days].count("gap") == 1


def test_everything_on_one_day_stands_side_by_side(cast, plan_of):
    release = plan_of("Keep a wishlist")
    release.target_date = timezone.localdate()
    found = strip(release, for_team=True)
    assert found.days == []
    assert [mark.column for mark in found.marks] == [1, 3]


def test_customers_do_not_see_the_freeze(cast, plan_of):
    release = plan_of("Keep a wishlist")
    release.frozen_at = timezone.now() - timedelta(days=1)
    kinds = {mark.milestone.kind for mark in strip(release, for_team=False).marks}
    assert "freeze" not in kinds
    assert "freeze" in {mark.milestone.kind for mark in strip(release, for_team=True).marks}


def kinds_and_notes(release):
    return [(mark.milestone.kind, mark.milestone.note) for mark in strip(release, for_team=True).marks]


def test_the_planned_days_of_freeze_and_demo_stand_on_it(cast, plan_of):
    release = plan_of("Keep a wishlist")
    release.freeze_on = timezone.localdate() + timedelta(days=2)
    release.demo_on = timezone.localdate() + timedelta(days=3)
    assert kinds_and_notes(release)[1:] == [("freeze", "planned"), ("demo", "planned"), ("release", "target")]


def test_what_has_happened_stands_in_the_place_of_what_was_planned(cast, plan_of):
    release = plan_of("Keep a wishlist")
    release.freeze_on = timezone.localdate() + timedelta(days=2)
    release.status, release.frozen_at = Release.Status.FROZEN, timezone.now() - timedelta(days=1)
    freezes = [mark.milestone for mark in strip(release, for_team=True).marks if mark.milestone.kind == "freeze"]
    assert [one.name for one in freezes] == ["Frozen"]


def test_a_session_tells_more_than_the_day(cast, plan_of):
    release = plan_of("Keep a wishlist")
    release.demo_on = timezone.localdate() + timedelta(days=3)
    release.status, release.frozen_at = Release.Status.FROZEN, timezone.now() - timedelta(days=1)
    starts_at = timezone.now() + timedelta(days=2)
    facts = {"host": cast.petra, "created_at": timezone.now()}
    Demo.objects.create(release=release, audience="managers", starts_at=starts_at, **facts)
    [demo] = [mark.milestone for mark in strip(release, for_team=True).marks if mark.milestone.kind == "demo"]
    assert demo.on == timezone.localdate(starts_at)
