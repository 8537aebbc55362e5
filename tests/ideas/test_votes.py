"""One vote per person and group, whatever happens at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from ideas import services
from ideas.models import Idea, Subscription, Vote
from lifecycle.models import Membership, Role, User
from tests.cast import Cast
from tests.ideas.wishes import fresh, share
from tests.machinery import eventually


@pytest.mark.django_db
def test_a_vote_counts_once_and_subscribes_the_voter(cast: Cast) -> None:
    idea = share(cast)
    assert services.vote(idea, by=cast.carl).votes == 2
    assert services.vote(idea, by=cast.carl).votes == 2
    assert fresh(idea).votes == 2
    assert idea.subscriptions.get(user=cast.carl).reason == Subscription.Reason.VOTE


@pytest.mark.django_db
def test_taking_a_vote_back_twice_changes_nothing(cast: Cast) -> None:
    idea = share(cast)
    services.vote(idea, by=cast.carl)
    assert services.unvote(idea, by=cast.carl).votes == 1
    assert services.unvote(idea, by=cast.carl).votes == 1
    assert not idea.subscriptions.filter(user=cast.carl).exists()


@pytest.mark.django_db
def test_who_follows_by_choice_still_follows_after_taking_the_vote_back(cast: Cast) -> None:
    idea = share(cast)
    services.follow(idea, by=cast.carl)
    services.vote(idea, by=cast.carl)
    services.unvote(idea, by=cast.carl)
    assert idea.subscriptions.get(user=cast.carl).reason == Subscription.Reason.FOLLOW


@pytest.mark.django_db
def test_a_vote_for_a_merged_wording_counts_for_the_primary(cast: Cast) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Wrap it as a gift", by=cast.carl)
    services.merge(second, into=first, by=cast.petra)
    voted = services.vote(second, by=cast.dev)
    assert (voted.pk, voted.votes) == (first.pk, 3)
    assert services.vote(first, by=cast.carl).votes == 3, "he voted for the other wording already"
    assert services.unvote(first, by=cast.carl).votes == 2


@pytest.mark.django_db
def test_a_vote_follows_a_merge_that_this_page_does_not_know_of(cast: Cast) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Wrap it as a gift", by=cast.carl)
    stale = Idea.objects.select_related("canonical").get(pk=second.pk)
    services.merge(second, into=first, by=cast.petra)
    assert services.vote(stale, by=cast.dev).pk == first.pk


def in_threads(*calls):  # noqa: ANN002, ANN201
    def run(call):  # noqa: ANN001, ANN202
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


@pytest.mark.django_db(transaction=True)
def test_ten_people_and_one_impatient_one_at_the_same_time(cast: Cast) -> None:
    idea = share(cast)
    people = [User.objects.create_user(f"p{n}@northwind.test", name=f"P{n}") for n in range(10)]
    Membership.objects.bulk_create(Membership(user=p, product=cast.product, roles=[Role.CUSTOMER]) for p in people)
    voters = [*people, cast.carl, cast.carl, cast.carl]
    in_threads(*[lambda voter=voter: services.vote(fresh(idea), by=voter) for voter in voters])
    assert fresh(idea).votes == 12 == Vote.objects.filter(idea=idea).count()


@pytest.mark.django_db(transaction=True)
def test_votes_during_a_merge_are_all_counted(cast: Cast) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Wrap it as a gift", by=cast.carl)
    people = [User.objects.create_user(f"p{n}@northwind.test", name=f"P{n}") for n in range(8)]
    calls = [lambda one=one: services.vote(Idea.objects.get(pk=second.pk), by=one) for one in people]
    calls.insert(4, lambda: services.merge(fresh(second), into=fresh(first), by=cast.petra))
    in_threads(*calls)
    assert fresh(first).votes == 10
    assert Vote.objects.count() == 10


def while_a_merge_is_open(cast: Cast, first: Idea, second: Idea, call) -> None:  # noqa: ANN001
    """Merge `second` into `first`; `call` begins before the merge is committed and waits for its locks."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.merge(fresh(second), into=fresh(first), by=cast.petra)
            running = pool.submit(in_threads, call)
            eventually(somebody_waits_for_a_row, "the call to meet the lock")
        running.result()


def somebody_waits_for_a_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def voters_of(idea: Idea) -> int:
    return Vote.objects.filter(idea__in=Idea.objects.group_of(idea.pk)).values("user").distinct().count()


@pytest.mark.django_db(transaction=True)
def test_somebody_who_voted_for_the_other_wording_is_not_counted_twice_by_a_merge(cast: Cast) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Wrap it as a gift", by=cast.carl)
    while_a_merge_is_open(cast, first, second, lambda: services.vote(fresh(first), by=cast.carl))
    assert fresh(first).votes == voters_of(first) == 2


@pytest.mark.django_db(transaction=True)
def test_a_vote_taken_back_during_a_merge_leaves_the_whole_group(cast: Cast) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Wrap it as a gift", by=cast.carl)
    services.vote(first, by=cast.carl)
    while_a_merge_is_open(cast, first, second, lambda: services.unvote(fresh(first), by=cast.carl))
    assert fresh(first).votes == voters_of(first) == 1
