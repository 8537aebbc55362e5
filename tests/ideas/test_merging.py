"""Merging is a pointer: counts are the union, un-merging is exact, nothing turns in a circle."""

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from ideas import merging, services
from ideas.models import Idea, Stop
from lifecycle.models import Notification, Product
from lifecycle.transitions import NotAllowed
from tests.cast import Cast
from tests.ideas.test_votes import in_threads
from tests.ideas.wishes import fresh, share

COUNTS = ("votes", "comments", "merged_count", "canonical_id", "merged_into_id", "status", "stop")


def state(*ideas: Idea) -> list[tuple[object, ...]]:
    return [tuple(getattr(fresh(idea), name) for name in COUNTS) for idea in ideas]


@pytest.fixture
def three(cast: Cast) -> list[Idea]:
    """Three wordings: Cleo's has Carl's vote, Carl's has Dev's, Dev's has a comment."""
    ideas = [
        share(cast, "Gift wrapping"),
        share(cast, "Wrap it as a gift", by=cast.carl),
        share(cast, "A ribbon around it", by=cast.dev),
    ]
    services.vote(ideas[0], by=cast.carl)
    services.vote(ideas[1], by=cast.dev)
    services.comment(ideas[2], by=cast.dev, text="A red one.")
    return ideas


@pytest.mark.django_db
def test_the_surviving_idea_counts_everybody_once(cast: Cast, three: list[Idea]) -> None:
    first, second, _third = three
    assert merging.preview(second, into=first) == merging.Preview(only_here=1, both=1, only_there=1, comments=0)
    services.merge(second, into=first, by=cast.petra)
    assert fresh(first).votes == 3
    assert fresh(first).merged_count == 1
    assert fresh(second).canonical == first


@pytest.mark.django_db
def test_un_merging_brings_everything_back_exactly(cast: Cast, three: list[Idea]) -> None:
    before = state(*three)
    first, second, third = three
    services.merge(second, into=first, by=cast.petra)
    services.merge(third, into=first, by=cast.petra)
    services.unmerge(fresh(second), by=cast.petra)
    services.unmerge(fresh(third), by=cast.petra)
    assert state(*three) == before


@pytest.mark.django_db
def test_a_group_merges_into_a_group_and_comes_out_whole(cast: Cast, three: list[Idea]) -> None:
    first, second, third = three
    services.merge(third, into=second, by=cast.petra)
    group_of_two = state(second, third)
    services.merge(second, into=first, by=cast.petra)
    assert {fresh(second).canonical, fresh(third).canonical} == {first}
    assert (fresh(first).votes, fresh(first).comments, fresh(first).merged_count) == (3, 1, 2)
    services.unmerge(fresh(second), by=cast.petra)
    assert state(second, third) == group_of_two


@pytest.mark.django_db
def test_a_vote_cast_after_the_merge_stays_with_the_primary(cast: Cast, three: list[Idea]) -> None:
    first, second, _third = three
    services.merge(second, into=first, by=cast.petra)
    services.vote(fresh(second), by=cast.tess)
    services.unmerge(fresh(second), by=cast.petra)
    assert (fresh(first).votes, fresh(second).votes) == (3, 2)


@pytest.mark.django_db
def test_only_those_are_told_for_whom_something_changes(cast: Cast, three: list[Idea]) -> None:
    services.merge(three[1], into=three[0], by=cast.petra)
    assert set(Notification.objects.filter(event="idea.merged").values_list("user", flat=True)) == {cast.dev.pk}


@pytest.mark.django_db
def test_it_refuses_circles_chains_and_other_products(cast: Cast, three: list[Idea]) -> None:
    first, second, third = three
    elsewhere = Product.objects.create(name="Other", slug="other")
    stranger = services.submit(product=elsewhere, author=cast.cleo, title="Elsewhere")
    with pytest.raises(NotAllowed, match="itself"):
        services.merge(first, into=first, by=cast.petra)
    with pytest.raises(NotAllowed, match="different products"):
        services.merge(first, into=stranger, by=cast.petra)
    services.merge(second, into=first, by=cast.petra)
    with pytest.raises(NotAllowed, match="was merged into 1"):
        services.merge(third, into=fresh(second), by=cast.petra)
    with pytest.raises(NotAllowed, match="was merged into 1"):
        services.merge(fresh(first), into=fresh(second), by=cast.petra)


@pytest.mark.django_db
def test_it_hides_no_public_idea_and_moves_none_that_is_planned(cast: Cast, three: list[Idea]) -> None:
    first, second, _third = three
    secret = share(cast, "A secret", by=cast.petra, team_only=True)
    with pytest.raises(NotAllowed, match="Only the team sees"):
        services.merge(first, into=secret, by=cast.petra)
    services.reach(second, Stop.PLANNED, by=cast.petra, note="Release 1.0")
    with pytest.raises(NotAllowed, match="planned already"):
        services.merge(second, into=first, by=cast.petra)


@pytest.mark.django_db
def test_un_merging_what_is_not_merged_is_refused(cast: Cast, three: list[Idea]) -> None:
    with pytest.raises(NotAllowed, match="not merged"):
        services.unmerge(three[0], by=cast.petra)


@pytest.mark.django_db
def test_the_database_refuses_an_idea_merged_into_itself(cast: Cast, three: list[Idea]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Idea.objects.filter(pk=three[0].pk).update(canonical=three[0].pk, merged_into=three[0].pk)


@pytest.mark.django_db(transaction=True)
def test_two_merges_that_cross_leave_one_primary(cast: Cast) -> None:
    for round_number in range(5):
        first = share(cast, f"Gift {round_number}")
        second = share(cast, f"Wrap {round_number}", by=cast.carl)

        def merge(one: Idea, other: Idea) -> str:
            try:
                services.merge(fresh(one), into=fresh(other), by=cast.petra)
            except NotAllowed:
                return "refused"
            return "merged"

        answers = in_threads(lambda: merge(first, second), lambda: merge(second, first))  # noqa: B023
        assert sorted(answers) == ["merged", "refused"]
        primaries = [idea for idea in (fresh(first), fresh(second)) if not idea.is_merged]
        assert [idea.votes for idea in primaries] == [2]
    assert connection.is_usable()
