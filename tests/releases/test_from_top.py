"""A plan in one click: everything above the queue's line, or what was chosen."""

import pytest
from django.core.exceptions import ValidationError

from ideas.models import Idea
from lifecycle.transitions import NotAllowed
from releases import plan
from releases.models import Change, Release
from tests.cast import Cast


@pytest.fixture
def queue(cast: Cast, idea_of) -> list[Idea]:
    """Three ideas of 8 points each; the product has room for 20."""
    ideas = [idea_of(title) for title in ("Keep a wishlist", "Wrap gifts", "Zoom pictures")]
    Idea.objects.filter(pk__in=[idea.pk for idea in ideas]).update(points=8)
    return list(Idea.objects.filter(product=cast.product).queue())


def test_it_takes_what_is_above_the_line_with_its_points_as_estimates(cast, queue):
    release = plan.create_from_top(cast.product, by=cast.petra)
    assert release.status == Release.Status.DRAFT
    assert (release.owner, release.author) == (cast.petra, cast.petra)
    assert [change.title for change in release.changes.order_by("number")] == ["Keep a wishlist", "Wrap gifts"]
    assert {change.estimate for change in release.changes.all()} == {8}


def test_a_second_click_leads_to_the_draft_that_was_made(cast, queue):
    first = plan.create_from_top(cast.product, by=cast.petra)
    assert plan.create_from_top(cast.product, by=cast.lena) == first
    assert plan.create_from_top(cast.product, queue[:1], by=cast.petra) == first
    assert Release.objects.count() == 1
    assert Change.objects.count() == 2


def test_what_was_chosen_is_taken_also_from_below_the_line(cast, queue):
    release = plan.create_from_top(cast.product, queue[2:], by=cast.petra)
    assert [change.title for change in release.changes.all()] == ["Zoom pictures"]


def test_an_idea_that_left_the_queue_meanwhile_is_not_planned(cast, queue):
    Idea.objects.filter(pk=queue[0].pk).update(queue_rank=None)
    release = plan.create_from_top(cast.product, queue[:2], by=cast.petra)
    assert [change.title for change in release.changes.all()] == ["Wrap gifts"]


def test_with_nothing_above_the_line_it_says_so(cast):
    with pytest.raises(NotAllowed, match="above the line"):
        plan.create_from_top(cast.product, by=cast.petra)


def test_maintenance_serves_no_idea_and_has_a_branch(cast, queue):
    release = plan.create_from_top(cast.product, by=cast.petra)
    change = plan.add_maintenance(release, title="  Renew the   certificates ", by=cast.petra)
    assert (change.title, change.branch) == ("Renew the certificates", "maintenance/renew-the-certificates")
    assert not change.ideas.exists()
    again = plan.add_maintenance(release, title="Renew the certificates", by=cast.petra)
    assert again.branch == "maintenance/renew-the-certificates-2"
    with pytest.raises(ValidationError, match="Say what is done"):
        plan.add_maintenance(release, title=" ", by=cast.petra)
