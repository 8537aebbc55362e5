"""A branch that contains another change's commits is refused until it stands alone, and says so."""

import pytest

from environments import repositories
from lifecycle.transitions import NotAllowed
from releases import changes, intake
from releases.models import Change


@pytest.fixture
def pair(plan_of) -> tuple[Change, Change]:
    one, other = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    return one, other


@pytest.fixture
def push(cast, workshop, work):
    """`push(change, start)` builds the change's branch on top of `start`; polled by hand."""

    def to_upstream(change: Change, start: str) -> None:
        workshop.change(change.branch, start, change.number * 10, f"line = {change.number}")

    return to_upstream


@pytest.fixture
def take_in(cast, work):
    def poll() -> None:
        for branch in repositories.poll(cast.product.repository):
            intake.take(branch)
        work("check")

    return poll


def fresh(change: Change) -> Change:
    return Change.objects.get(pk=change.pk)


def test_a_branch_on_top_of_another_change_is_not_ready(cast, pair, push, take_in):
    one, other = pair
    push(one, "main")
    take_in()
    push(other, one.branch)
    take_in()
    assert fresh(other).requires == one
    with pytest.raises(NotAllowed, match=f"contains the commits of {one.key}"):
        changes.mark_ready(fresh(other), by=cast.dev)
    changes.mark_ready(fresh(one), by=cast.dev)


def test_it_is_noticed_too_when_the_lower_branch_comes_later(cast, workshop, pair, push, take_in):
    one, other = pair
    tip = workshop.change("not-pushed-yet", "main", 10)
    push(other, "not-pushed-yet")
    workshop.git("branch", "-D", "not-pushed-yet")
    take_in()
    assert fresh(other).requires is None
    workshop.git("branch", one.branch, tip)
    take_in()
    assert fresh(other).requires == one
    assert fresh(one).requires is None


def test_rebased_without_the_others_commits_it_stands_alone(cast, pair, push, take_in):
    one, other = pair
    push(one, "main")
    push(other, one.branch)
    take_in()
    push(other, "main")
    take_in()
    assert fresh(other).requires is None
    changes.mark_ready(fresh(other), by=cast.dev)
