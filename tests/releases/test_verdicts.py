"""A tester's word: on what staging runs, for one digest, carried over only where nothing of it changed."""

import pytest
from django.core.exceptions import ValidationError

from environments.models import Environment
from environments.queries import of_kind
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, facts, plan, verdicts
from releases.models import Candidate, Change, Verdict


def test_approving_is_about_this_digest(cast, staged):
    change, candidate = staged
    verdict = verdicts.approve(change, candidate=candidate, by=cast.tess)
    assert change.status == Change.Status.APPROVED
    assert (verdict.digest, verdict.revision) == (candidate.digest, change.revision)
    assert verdicts.all_approved(candidate)


def test_a_change_that_is_not_in_it_is_not_approved(cast, staged, idea_of):
    change, candidate = staged
    other = plan.add_idea(change.release, idea_of("Wrap gifts"), by=cast.petra)
    with pytest.raises(NotAllowed):
        verdicts.approve(other, candidate=candidate, by=cast.tess)


def test_a_build_that_staging_no_longer_runs_is_not_judged(cast, staged, plan_of, idea_of, build, on_staging):
    change, candidate = staged
    other = plan.add_idea(change.release, idea_of("Wrap gifts"), by=cast.petra)
    changes.mark_ready(build(other, line=40), by=cast.dev)
    on_staging()
    with pytest.raises(NotAllowed, match="Another version"):
        verdicts.approve(change, candidate=candidate, by=cast.tess)


def test_a_yes_to_what_was_pushed_over_says_nothing_of_the_newer_one(cast, staged, build, compose):
    change, old = staged
    newer = build(change, line=50)
    changes.mark_ready(newer, by=cast.dev)
    facts.mark_on_staging(old, by=cast.ops)
    newer.refresh_from_db()
    assert newer.status == Change.Status.READY
    for say in (verdicts.approve, verdicts.give_back):
        with pytest.raises(NotAllowed, match="Something newer was pushed"):
            say(newer, candidate=old, by=cast.tess, reason="I saw the old one")
    candidate = compose(candidates.request(cast.product, Candidate.Purpose.STAGING, by=cast.lena))
    facts.mark_on_staging(candidate, by=cast.ops)
    newer.refresh_from_db()
    assert verdicts.approve(newer, candidate=candidate, by=cast.tess).revision == newer.revision


def test_what_goes_back_to_an_older_build_waits_for_the_next_promotion(cast, staged, build, on_staging):
    change, old = staged
    changes.mark_ready(build(change, line=50), by=cast.dev)
    on_staging()
    facts.mark_on_staging(old, by=cast.ops)
    change.refresh_from_db()
    assert change.status == Change.Status.READY


def test_returning_needs_words(cast, staged):
    change, candidate = staged
    with pytest.raises(ValidationError):
        verdicts.give_back(change, candidate=candidate, by=cast.tess, reason="  ")
    assert not Verdict.objects.exists()


def test_the_newest_word_counts(cast, staged):
    change, candidate = staged
    verdicts.approve(change, candidate=candidate, by=cast.tess)
    verdicts.give_back(change, candidate=candidate, by=cast.tess, reason="On a second look it fails")
    assert not verdicts.all_approved(candidate)


def test_in_a_strict_product_nobody_tests_their_own_change(cast, staged):
    change, candidate = staged
    Product.objects.update(preset=Product.Preset.STRICT)
    change.product.refresh_from_db()
    with pytest.raises(NotAllowed, match="developer"):
        verdicts.approve(change, candidate=candidate, by=cast.dev)


def test_whoever_holds_staging_decides(cast, staged):
    change, candidate = staged
    staging = of_kind(cast.product, Environment.Kind.STAGING)
    verdicts.hold(staging, by=cast.tess, minutes=30)
    with pytest.raises(NotAllowed, match="Tess holds staging"):
        verdicts.approve(change, candidate=candidate, by=cast.lena)
    with pytest.raises(NotAllowed):
        verdicts.hold(staging, by=cast.lena, minutes=30)
    with pytest.raises(NotAllowed):
        verdicts.let_go(staging, by=cast.lena)
    verdicts.let_go(staging, by=cast.tess)
    verdicts.approve(change, candidate=candidate, by=cast.lena)


def test_a_yes_survives_a_recomposition_that_does_not_touch_its_files(cast, workshop, plan_of, build, on_staging):
    one, other = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    changes.mark_ready(build_alone(workshop, cast, one, "wishes.py"), by=cast.dev)
    candidate = on_staging()
    one.refresh_from_db()
    verdicts.approve(one, candidate=candidate, by=cast.tess)
    changes.mark_ready(build_alone(workshop, cast, other, "gifts.py"), by=cast.dev)
    newer = on_staging()
    assert verdicts.carry_over(newer) == [other]
    carried = verdicts.standing(newer)[one.pk]
    assert carried.carried_from.digest == candidate.digest
    assert carried.by == cast.tess


def test_a_yes_does_not_survive_a_change_of_its_files(cast, workshop, plan_of, build, on_staging):
    one, other = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    changes.mark_ready(build(one, line=5), by=cast.dev)
    candidate = on_staging()
    one.refresh_from_db()
    verdicts.approve(one, candidate=candidate, by=cast.tess)
    changes.mark_ready(build(other, line=40), by=cast.dev)
    newer = on_staging()
    assert one in verdicts.carry_over(newer)
    one.refresh_from_db()
    assert one.status == Change.Status.STAGING
    assert not verdicts.all_approved(newer)


def test_nothing_is_approved_before_the_candidate_exists(cast, tested):
    release = tested("Keep a wishlist")
    candidate = plan.freeze(release, by=cast.petra)
    assert candidate.status == Candidate.Status.COMPOSING
    assert not verdicts.all_approved(candidate)


def test_a_frozen_release_keeps_the_yeses_of_the_same_tree(cast, frozen):
    release = frozen("Keep a wishlist")
    assert verdicts.all_approved(release.candidate)
    assert release.changes.get().status == Change.Status.APPROVED


def build_alone(workshop, cast, change: Change, name: str) -> Change:
    """Push one file of its own to the change's branch."""
    from environments import repositories
    from releases import checks, intake

    workshop.git("checkout", "-q", "-B", change.branch, "main")
    workshop.write(name, "x = 1\n")
    workshop.commit(f"Add {name}")
    workshop.git("checkout", "-q", "main")
    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    change.refresh_from_db()
    checks.end(started(change.revision.checks.get()), "passed", "by hand")
    return change


def started(check):
    from lifecycle.transitions import move
    from releases import checks

    move(check, "running", by=checks.WORKER)
    return check


def test_testers_are_told_once_per_build(cast, staged):
    from lifecycle.models import Notification

    _change, candidate = staged
    facts.mark_on_staging(candidate, by=cast.ops)
    assert Notification.objects.filter(user=cast.tess, event="change.on_staging", channel="in_app").count() == 1
    assert candidates.on_staging(cast.product) == candidate


def test_what_a_frozen_release_pushes_off_staging_is_next(cast, tested, idea_of, build, on_staging, compose):
    release = tested("Keep a wishlist")
    other = plan.add_idea(release, idea_of("Wrap gifts"), must=False, by=cast.petra)
    changes.mark_ready(build(other, line=40), by=cast.dev)
    on_staging()
    other.refresh_from_db()
    assert other.status == Change.Status.STAGING
    candidate = compose(plan.freeze(release, by=cast.petra))
    facts.mark_on_staging(candidate, by=cast.ops)
    other.refresh_from_db()
    assert other.status == Change.Status.READY
