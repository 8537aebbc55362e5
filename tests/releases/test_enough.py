"""What is enough to freeze a plan, in the same words everywhere, and who is told when it is."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from lifecycle.models import Notification
from lifecycle.models.messages import Channel
from lifecycle.transitions import NotAllowed
from releases import changes, enough, plan, verdicts
from releases.models import Change, Release

Enough = Release.Enough


def approve(release: Release, *titles: str) -> None:
    release.changes.filter(title__in=titles).update(status=Change.Status.APPROVED)


def standing(release: Release, **when) -> enough.Standing:
    return enough.standing(Release.objects.get(pk=release.pk), release.changes.all(), **when)


@pytest.fixture
def release(plan_of) -> Release:
    """Two must-haves and one that goes if it is ready."""
    made = plan_of("Keep a wishlist", "Wrap gifts", "Zoom pictures")
    made.changes.filter(title="Zoom pictures").update(must=False)
    return made


def test_the_must_haves_are_enough(release):
    approve(release, "Keep a wishlist")
    assert not standing(release).is_reached
    assert standing(release).words == "1 of 3, 1 must-have missing"
    approve(release, "Wrap gifts")
    assert standing(release).is_reached
    assert standing(release).words == "2 of 3, must-haves done"


def test_so_many_changes_are_enough_whichever_they_are(cast, release):
    plan.edit(release, by=cast.petra, enough=Enough.COUNT, enough_count=2)
    approve(release, "Zoom pictures")
    assert standing(release).words == "1 of 3, 2 are enough"
    assert "1 approved of the 2 changes that are enough." in plan.reasons_not_to_freeze(release)
    approve(release, "Keep a wishlist")
    assert standing(release).is_reached
    assert plan.reasons_not_to_freeze(release) == []


def test_on_its_day_what_is_approved_is_enough(cast, release):
    day = timezone.localdate() + timedelta(days=2)
    plan.edit(release, by=cast.petra, enough=Enough.DATE, freeze_on=day)
    approve(release, "Keep a wishlist")
    assert not standing(release).is_reached
    assert "before that only with every change approved" in " ".join(plan.reasons_not_to_freeze(release))
    assert standing(release, at=timezone.now() + timedelta(days=2)).is_reached
    approve(release, "Wrap gifts", "Zoom pictures")
    assert standing(release).is_reached


def test_a_day_without_anything_approved_is_not_enough(cast, release):
    plan.edit(release, by=cast.petra, enough=Enough.DATE, freeze_on=timezone.localdate())
    assert not standing(release).is_reached
    assert plan.reasons_not_to_freeze(release) == ["No change is approved yet."]


def test_the_database_refuses_a_count_without_a_number(release):
    with pytest.raises(IntegrityError, match="release_says_what_is_enough"):
        Release.objects.update(enough=Enough.COUNT, enough_count=None)


def told(release: Release) -> list[str]:
    rows = Notification.objects.filter(event="release.enough", channel=Channel.IN_APP).order_by("id")
    return [row.user.name for row in rows]


def test_the_last_verdict_tells_the_owner_once_for_each_version_of_the_plan(cast, workshop, plan_of, build, on_staging):
    release = plan_of("Keep a wishlist")
    change = release.changes.get()
    changes.mark_ready(build(change), by=cast.dev)
    candidate = on_staging()
    verdicts.approve(release.changes.get(), candidate=candidate, by=cast.tess)
    assert told(release) == ["Petra"]
    enough.tick()
    assert told(release) == ["Petra"]
    plan.edit(release, by=cast.petra, owner=cast.lena)
    enough.tick()
    assert told(release) == ["Petra", "Lena"]


def test_the_day_is_noticed_without_anybody(cast, release):
    plan.edit(release, by=cast.petra, enough=Enough.DATE, freeze_on=timezone.localdate() + timedelta(days=1))
    approve(release, "Keep a wishlist")
    enough.tick()
    assert told(release) == []
    enough.tick(at=timezone.now() + timedelta(days=1))
    assert told(release) == ["Petra"]


def test_freezing_by_count_leaves_a_must_have_for_the_next_plan_only_when_that_was_said(cast, tested, idea_of):
    release = tested("Keep a wishlist")
    late = plan.add_idea(release, idea_of("Wrap gifts"), by=cast.petra)
    with pytest.raises(NotAllowed, match="Not approved by a tester: C-2"):
        plan.freeze(release, by=cast.petra)
    plan.edit(release, by=cast.petra, enough=Enough.COUNT, enough_count=1)
    with pytest.raises(NotAllowed, match="left behind: C-2"):
        plan.freeze(release, by=cast.petra)
    plan.freeze(release, without=["C-2"], by=cast.petra)
    late.refresh_from_db()
    assert late.release is None


def test_the_page_and_the_api_ask_which_must_have_is_left_behind(cast, tested, idea_of, sign_in):
    release = tested("Keep a wishlist")
    plan.add_idea(release, idea_of("Wrap gifts"), by=cast.petra)
    plan.edit(release, by=cast.petra, enough=Enough.COUNT, enough_count=1)
    browser = sign_in(cast.petra)
    assert 'name="without" value="C-2" required' in browser.get("/releases/24.11/").content.decode()
    refused = browser.post("/api/v1/products/shop/releases/24.11/freeze/", {}, content_type="application/json")
    assert (refused.status_code, "C-2" in refused.content.decode()) == (409, True)
    assert browser.post("/releases/24.11/freeze/", {"without": "C-2"}).status_code == 302
    release.refresh_from_db()
    assert release.is_frozen
