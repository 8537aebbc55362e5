"""Sharing an idea, following it, commenting on it."""

import pytest
from django.core.exceptions import ValidationError

from ideas import services
from ideas.models import Idea, Subscription
from lifecycle.events import about
from lifecycle.models import Comment, Notification
from tests.cast import Cast
from tests.ideas.wishes import fresh, share

pytestmark = pytest.mark.django_db


def test_it_numbers_the_idea_and_counts_its_authors_vote(cast: Cast) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Оплата частями")
    assert (first.number, second.number) == (1, 2)
    assert fresh(first).votes == 1
    assert (first.language, second.language) == ("en", "ru")
    assert list(first.subscriptions.values_list("user", "reason")) == [(cast.cleo.pk, Subscription.Reason.AUTHOR)]
    assert [event.verb for event in about(first)] == ["idea.submitted"]


@pytest.mark.parametrize("wrong", [{"title": "  "}, {"kind": "poem"}, {"source": "stars"}, {"title": "x" * 201}])
def test_it_refuses_bad_input_and_writes_nothing(cast: Cast, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        services.submit(**{"product": cast.product, "author": cast.cleo, "title": "Gift wrapping"} | wrong)
    assert not Idea.objects.exists()
    assert fresh(cast.product).last_idea_number == 0


def test_a_public_comment_is_told_to_followers_but_not_to_its_author(cast: Cast) -> None:
    idea = share(cast)
    services.comment(idea, by=cast.dev, text="Paper or cloth?")
    assert fresh(idea).comments == 1
    told = Notification.objects.filter(event="idea.comment").values_list("user", flat=True)
    assert set(told) == {cast.cleo.pk}


def test_a_team_comment_is_told_to_nobody_and_not_counted(cast: Cast) -> None:
    idea = share(cast)
    services.comment(idea, by=cast.dev, text="Needs a new table.", audience=Comment.Audience.TEAM)
    assert fresh(idea).comments == 0
    assert not Notification.objects.filter(event="idea.comment").exists()


def test_an_empty_comment_is_refused(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        services.comment(share(cast), by=cast.dev, text=" ")


def test_following_twice_changes_nothing_and_unfollowing_ends_it(cast: Cast) -> None:
    idea = share(cast)
    services.follow(idea, by=cast.carl)
    services.follow(idea, by=cast.carl)
    assert idea.subscriptions.filter(user=cast.carl).count() == 1
    services.unfollow(idea, by=cast.carl)
    assert not idea.subscriptions.filter(user=cast.carl).exists()


def test_only_the_author_and_the_team_hear_of_a_team_only_idea(cast: Cast) -> None:
    idea = share(cast, team_only=True)
    services.follow(idea, by=cast.carl)
    services.follow(idea, by=cast.dev)
    services.comment(idea, by=cast.petra, text="Keep it between us.")
    told = set(Notification.objects.filter(event="idea.comment").values_list("user", flat=True))
    assert told == {cast.cleo.pk, cast.dev.pk}
