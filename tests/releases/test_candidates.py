"""Candidates: composed with git on a bare repository, left out and failed by conflicts, named by a digest."""

import pytest

from environments import repositories
from lifecycle.models import Notification, Work
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, facts, plan, verdicts
from releases.models import Candidate, Change

P = Candidate.Purpose


@pytest.fixture
def pair(workshop, plan_of, build, cast):
    """Two built changes that want the same line of shop.py."""
    one, other = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    changes.assign(other, developer=cast.dev, by=cast.lena)
    other.refresh_from_db()
    return build(one, line=5), build(other, line=5)


def test_adopting_records_what_runs_as_candidate_zero(cast, workshop):
    adopted = candidates.live(cast.product)
    assert (adopted.purpose, adopted.status) == (P.ADOPTED, Candidate.Status.READY)
    assert adopted.sha == workshop.git("rev-parse", "main")
    assert len(adopted.digest) == 64
    assert "[test]" in adopted.manifest


def test_an_unknown_commit_is_not_adopted(cast, workshop):
    with pytest.raises(NotAllowed):
        candidates.adopt(cast.product, sha="0" * 40, by=cast.ops)


def test_without_a_repository_there_is_no_candidate(cast):
    with pytest.raises(NotAllowed, match="repository"):
        candidates.request(cast.product, P.DEV, by=cast.dev)


def test_dev_has_everything_that_was_pushed(cast, workshop, plan_of, build, compose):
    one, other = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    build(one, line=5), build(other, line=25)
    candidate = compose(candidates.request(cast.product, P.DEV, by=cast.dev))
    assert candidate.status == Candidate.Status.READY
    git = repositories.git(cast.product.repository)
    text = git.read_file(candidate.sha, "shop.py").decode()
    assert "line_5 = 5 * 1" in text
    assert "line_25 = 25 * 2" in text
    assert [commit.trailer("Lifecycle-Change") for commit in git.log(candidate.base.sha, candidate.sha, limit=1)] == [
        "C-2"
    ]
    assert git.refs("refs/lifecycle/candidates/")[str(candidate.pk)] == candidate.sha


def test_in_dev_the_later_change_of_a_conflict_is_left_out_and_its_developer_told(cast, pair, compose):
    one, other = pair
    candidate = compose(candidates.request(cast.product, P.DEV, by=cast.dev))
    other.refresh_from_db()
    assert candidate.status == Candidate.Status.READY
    assert [row.change for row in candidate.rows.all()] == [one]
    assert candidate.conflicts == [{"key": other.key, "with": one.key, "files": ["shop.py"]}]
    assert other.conflict["with"] == one.key
    assert Notification.objects.filter(user=cast.dev, event="change.conflict").exists()
    with pytest.raises(NotAllowed, match=f"conflicts with {one.key}"):
        changes.mark_ready(other, by=cast.dev)


def test_the_change_that_is_further_stays(cast, pair, compose):
    one, other = pair
    changes.mark_ready(other, by=cast.dev)
    candidate = compose(candidates.request(cast.product, P.DEV, by=cast.dev))
    assert [row.change for row in candidate.rows.all()] == [other]


def test_a_conflict_that_was_solved_is_forgotten(cast, pair, compose, build):
    _one, other = pair
    compose(candidates.request(cast.product, P.DEV, by=cast.dev))
    build(other, line=25)
    compose(candidates.request(cast.product, P.DEV, by=cast.dev))
    other.refresh_from_db()
    assert other.conflict is None


def test_staging_takes_only_what_is_ready(cast, workshop, plan_of, build, compose):
    one, other = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    changes.mark_ready(build(one, line=5), by=cast.dev)
    build(other, line=25)
    candidate = compose(candidates.request(cast.product, P.STAGING, by=cast.lena))
    assert [row.change for row in candidate.rows.all()] == [one]


def test_a_release_with_a_conflict_fails_and_names_both_and_the_file(cast, pair, compose):
    one, other = pair
    Change.objects.filter(pk__in=[one.pk, other.pk]).update(status=Change.Status.APPROVED)
    release = one.release
    candidate = compose(plan.freeze(release, by=cast.petra))
    assert candidate.status == Candidate.Status.FAILED
    assert one.key in candidate.error
    assert other.key in candidate.error
    assert "shop.py" in candidate.error


def test_a_broken_manifest_fails_the_candidate_with_its_line(cast, workshop, plan_of, compose):
    change = plan_of("Keep a wishlist").changes.get()
    workshop.git("checkout", "-q", "-B", change.branch, "main")
    workshop.write("lifecycle.toml", "[tset]\n")
    workshop.commit("Break it")
    from releases import intake

    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    candidate = compose(candidates.request(cast.product, P.DEV, by=cast.dev))
    assert candidate.status == Candidate.Status.FAILED
    assert "line 1" in candidate.error


def test_composing_the_same_again_gives_the_same_digest(cast, tested, compose):
    release = tested("Keep a wishlist")
    first = compose(plan.freeze(release, by=cast.petra))
    plan.unfreeze(release, by=cast.petra)
    second = compose(plan.freeze(release, by=cast.petra))
    assert first.pk != second.pk
    assert first.digest == second.digest


def test_a_migration_flag_changes_the_digest(cast, tested, compose):
    release = tested("Keep a wishlist")
    first = compose(plan.freeze(release, by=cast.petra))
    plan.unfreeze(release, by=cast.petra)
    changes.set_migrations(release.changes.get(), migrations="expand", by=cast.dev)
    assert compose(plan.freeze(release, by=cast.petra)).digest != first.digest


def test_composing_twice_changes_nothing(cast, tested, compose):
    candidate = compose(plan.freeze(tested("Keep a wishlist"), by=cast.petra))
    before = candidate.sha
    assert compose(candidate).sha == before


def test_a_dev_composition_that_nobody_began_is_enough(cast, workshop):
    first = candidates.request(cast.product, P.DEV, by=cast.dev)
    assert candidates.request(cast.product, P.DEV, by=cast.dev) == first
    assert Work.objects.filter(kind="compose").count() == 1


def test_the_next_release_stands_on_the_live_one(cast, frozen):
    release = frozen("Keep a wishlist")
    facts.mark_live(release, deployment=release, by=cast.ops)
    assert candidates.live(cast.product) == release.candidate


def test_a_change_that_was_returned_after_the_freeze_is_not_left_out_in_silence(cast, tested, compose):
    release = tested("Keep a wishlist", "Wrap gifts")
    change = release.changes.order_by("pk").first()
    candidate = plan.freeze(release, by=cast.petra)
    verdicts.give_back(change, candidate=candidates.on_staging(cast.product), by=cast.tess, reason="Too slow")
    candidate = compose(candidate)
    assert candidate.status == Candidate.Status.FAILED
    assert change.key in candidate.error
