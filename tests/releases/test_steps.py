"""What a tester is asked to try."""

import pytest
from django.utils import timezone

from ideas.models import Idea
from releases import steps
from releases.models import Change
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def a_change(cast: Cast, body: str, **fields: object) -> Change:
    now = timezone.now()
    change = Change.objects.create(
        product=cast.product, number=1, title="A wishlist", created_at=now, waiting_since=now, **fields
    )
    idea = Idea.objects.create(
        product=cast.product,
        number=1,
        title="Keep a wishlist",
        body=body,
        author=cast.cleo,
        created_at=now,
        moved_at=now,
    )
    change.ideas.add(idea)
    return change


def test_what_the_plan_says_comes_before_any_guess(cast: Cast) -> None:
    change = a_change(cast, "I want it.", steps="1. Open a book\n\n- Press the heart \n  Sign out and in again\n")
    assert steps.of(change) == ["Open a book", "Press the heart", "Sign out and in again"]


def test_without_steps_they_are_guessed_from_the_idea_and_an_ordinary_order_is_tried(cast: Cast) -> None:
    change = a_change(cast, "Hello.\n- Press the heart\n- Find it again")
    assert steps.of(change) == ["Press the heart", "Find it again", "An ordinary order still works as before"]


def test_of_a_change_that_is_undone_it_is_tried_that_it_is_gone(cast: Cast) -> None:
    change = a_change(cast, "I want it.", steps="Press the heart", status=Change.Status.LIVE)
    assert steps.of(change)[0] == "“A wishlist” is gone, and nothing points to it any more"
