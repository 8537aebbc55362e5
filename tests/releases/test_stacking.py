"""A branch built on another one's: the one below goes first, and never rides along past its tester."""

import pytest

from environments import branches, repositories
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, composing, facts, intake, plan, stacking, verdicts
from releases.models import Candidate, Change

P, S = Candidate.Purpose, Change.Status


@pytest.fixture
def pair(plan_of, cast) -> tuple[Change, Change]:
    one, other = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    for change in (one, other):
        changes.assign(change, developer=cast.dev, by=cast.lena)
    return one, other


@pytest.fixture
def push(workshop):
    """`push(change, start)` builds the change's branch on top of `start`; polled by hand."""

    def to_upstream(change: Change, start: str, line: int = 0) -> str:
        line = line or change.number * 10
        return workshop.change(change.branch, start, line, f"line_{line} = {change.number}")

    return to_upstream


@pytest.fixture
def take_in(cast, work):
    def poll() -> None:
        for branch in repositories.poll(cast.product.repository):
            intake.take(branch)
            branches.out_of_trouble(branch)
        work("check")

    return poll


@pytest.fixture
def stack(pair, push, take_in) -> tuple[Change, Change]:
    """The second change stands on the first one's commit; both are tested."""
    one, other = pair
    push(one, "main")
    take_in()
    push(other, one.branch)
    take_in()
    return fresh(one), fresh(other)


@pytest.fixture
def composed(cast, compose):
    def run(purpose: str) -> Candidate:
        return compose(candidates.request(cast.product, purpose, by=cast.dev))

    return run


def fresh(change: Change) -> Change:
    return Change.objects.get(pk=change.pk)


def text_of(candidate: Candidate) -> str:
    return (repositories.git(candidate.repository).read_file(candidate.sha, "shop.py") or b"").decode()


def keys(candidate: Candidate) -> list[str]:
    return [row.change.key for row in candidate.rows.all()]


def test_a_branch_on_top_of_another_change_waits_for_the_one_below(cast, stack):
    one, other = stack
    assert other.requires == one
    assert other.revision.stands_on == one.revision.tip
    with pytest.raises(NotAllowed, match=f"built on {one.key}, which is not ready"):
        changes.mark_ready(other, by=cast.dev)
    changes.mark_ready(one, by=cast.dev)
    changes.mark_ready(fresh(other), by=cast.dev)


def test_it_is_noticed_too_when_the_lower_branch_comes_later(cast, workshop, pair, push, take_in):
    one, other = pair
    tip = workshop.change("not-pushed-yet", "main", 10, "line_10 = 1")
    push(other, "not-pushed-yet")
    workshop.git("branch", "-D", "not-pushed-yet")
    take_in()
    assert fresh(other).requires is None
    changes.mark_ready(fresh(other), by=cast.dev)
    workshop.git("branch", one.branch, tip)
    take_in()
    assert (fresh(other).requires, fresh(other).revision.stands_on) == (one, tip)
    assert fresh(one).requires is None
    assert fresh(other).status == S.DEVELOPMENT
    assert Notification.objects.filter(user=cast.dev, event="change.pulled_back").exists()


def test_rebased_without_the_others_commits_it_stands_alone(cast, stack, push, take_in):
    _one, other = stack
    push(other, "main")
    take_in()
    assert fresh(other).requires is None
    changes.mark_ready(fresh(other), by=cast.dev)


def test_a_branch_that_begins_in_the_middle_of_another_is_stacked_too(workshop, pair, push, take_in):
    one, other = pair
    middle = push(one, "main", 5)
    workshop.change(one.branch, one.branch, 6)
    take_in()
    push(other, middle)
    take_in()
    assert (fresh(other).requires, fresh(other).revision.stands_on) == (one, middle)


def test_two_branches_merged_into_a_third_cannot_be_stacked(cast, workshop, plan_of, push, take_in):
    one, two, third = plan_of("Keep a wishlist", "Wrap gifts", "Pay later").changes.order_by("pk")
    push(one, "main")
    push(two, "main")
    take_in()
    workshop.git("checkout", "-q", "-b", third.branch, one.branch)
    workshop.git("merge", "-q", "-m", "Both", two.branch)
    push(third, third.branch)
    take_in()
    assert stacking.is_tangled(fresh(third))
    with pytest.raises(NotAllowed, match="and of others: rebase it onto one of them"):
        changes.mark_ready(fresh(third), by=cast.dev)


def test_dev_takes_the_one_below_first_and_each_its_own_step(stack, composed):
    one, other = stack
    candidate = composed(P.DEV)
    assert keys(candidate) == [one.key, other.key]
    assert "line_10 = 1" in text_of(candidate)
    assert "line_20 = 2" in text_of(candidate)
    assert [row.fork for row in candidate.rows.all()] == [one.revision.fork, one.revision.tip]


def test_the_one_above_follows_an_amended_one_below(stack, push, take_in, composed):
    one, _other = stack
    push(one, "main", 30)
    take_in()
    text = text_of(composed(P.DEV))
    assert "line_30 = 1" in text
    assert "line_20 = 2" in text
    assert "line_10 = 1\n" not in text, "the commit that was amended away came back with the change above"


def test_without_the_one_below_it_is_left_out_and_both_are_named(cast, stack, composed):
    one, other = stack
    Change.objects.filter(pk=other.pk).update(status=S.READY)
    candidate = composed(P.STAGING)
    assert keys(candidate) == []
    assert candidate.conflicts == [{"key": other.key, "with": one.key, "files": []}]
    assert fresh(other).conflict is None


def test_a_push_to_the_one_below_takes_the_offer_of_the_one_above_back(cast, stack, push, take_in):
    one, other = stack
    changes.mark_ready(one, by=cast.dev)
    changes.mark_ready(fresh(other), by=cast.dev)
    push(one, one.branch, 40)
    take_in()
    assert fresh(other).status == S.DEVELOPMENT


def test_a_release_is_not_frozen_without_the_one_below(cast, stack, on_staging):
    one, other = stack
    changes.mark_ready(one, by=cast.dev)
    changes.mark_ready(fresh(other), by=cast.dev)
    candidate = on_staging()
    for change in (one, other):
        verdicts.approve(fresh(change), candidate=candidate, by=cast.tess)
    release = fresh(one).release
    plan.drop_change(fresh(one), by=cast.petra)
    assert f"{other.key} is built on {one.key}" in " ".join(plan.reasons_not_to_freeze(release))


def test_above_what_is_live_it_takes_only_its_own_step(cast, plan_of, stack, on_staging, compose):
    one, other = stack
    changes.mark_ready(one, by=cast.dev)
    candidate = on_staging()
    verdicts.approve(fresh(one), candidate=candidate, by=cast.tess)
    release = fresh(one).release
    plan.drop_change(fresh(other), by=cast.petra)
    candidate = compose(plan.freeze(release, by=cast.petra))
    release.refresh_from_db()
    facts.mark_live(release, deployment=release, by=cast.ops)
    changes.mark_ready(fresh(other), by=cast.dev)
    above = compose(candidates.request(cast.product, P.STAGING, by=cast.dev))
    assert above.base == candidate
    assert keys(above) == [other.key]
    assert composing.changes_for(above) == [other]
    assert "line_10 = 1" in text_of(above)
    assert "line_20 = 2" in text_of(above)


def test_a_frozen_one_above_takes_only_its_own_step_whatever_is_pushed_since(cast, stack, push, take_in, compose):
    one, other = stack
    changes.mark_ready(one, by=cast.dev)
    changes.mark_ready(fresh(other), by=cast.dev)
    Change.objects.update(status=S.APPROVED)
    candidate = plan.freeze(one.release, by=cast.petra)
    push(other, "main", 50)
    take_in()
    assert fresh(other).requires is None
    assert [(row.change, row.fork) for row in compose(candidate).rows.all()] == [
        (one, one.revision.fork),
        (other, one.revision.tip),
    ]
    text = text_of(candidate)
    assert "line_10 = 1" in text and "line_20 = 2" in text and "line_50 = 50" in text
