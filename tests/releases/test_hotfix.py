"""A hotfix: what is live plus one change; the frozen release steps aside and comes back by itself."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from environments import repositories
from ideas.models import AgendaItem, Idea
from lifecycle.transitions import NotAllowed, move
from releases import candidates, changes, facts, freezing, hotfixes, intake, overlaps, plan, urgent, verdicts
from releases.contents import contents
from releases.models import Candidate, Change, Release, Revision

S, K, R = Change.Status, Release.Kind, Release.Status


@pytest.fixture
def waiting(frozen) -> Release:
    """24.11 is frozen, on staging and approved by Tess, with a change on line 10 and one on line 20."""
    return frozen("Keep a wishlist", "Wrap gifts")


@pytest.fixture
def repair(cast, waiting, workshop, idea_of, work) -> Change:
    """A change that is ready, in a plan of its own and in a file that nothing else touches."""
    change = planned_change(cast, idea_of)
    workshop.git("checkout", "-q", "-B", change.branch, "main")
    workshop.write("payment.py", "paid = True\n")
    workshop.commit("payment: Take the money.")
    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    work("check")
    changes.mark_ready(Change.objects.get(pk=change.pk), by=cast.dev)
    return Change.objects.get(pk=change.pk)


def planned_change(cast, idea_of) -> Change:
    release = plan.create(
        product=cast.product,
        version="24.12",
        target_date=timezone.localdate() + timedelta(days=9),
        ideas=[idea_of("Pay again")],
        by=cast.petra,
    )
    plan.publish(release, by=cast.petra)
    return release.changes.get()


@pytest.fixture
def ship(cast, compose):
    """`ship(release)` does what workers, Tess and Max do until production runs it."""

    def run(release: Release) -> Candidate:
        release.refresh_from_db()
        candidate = bring_to_staging(cast, release, compose)
        for row in candidate.rows.select_related("change"):
            verdicts.approve(row.change, candidate=candidate, by=cast.tess)
        release.refresh_from_db()
        facts.mark_live(release, deployment=release, by=cast.ops)
        return candidate

    return run


def bring_to_staging(cast, release: Release, compose) -> Candidate:
    candidate = compose(release.candidate)
    assert candidate.error == ""
    verdicts.carry_over(candidate)
    facts.mark_on_staging(candidate, by=cast.ops)
    return candidate


def propose(cast, *found: Change, **more: object) -> Release:
    return hotfixes.propose(cast.product, changes=found, by=cast.ops, reason="Nobody can pay", **more)


def test_it_is_frozen_at_once_on_what_is_live_and_the_plan_steps_aside(cast, waiting, repair, compose):
    live = candidates.live(cast.product)
    hotfix = propose(cast, repair)
    assert (hotfix.kind, hotfix.status, hotfix.version) == (K.HOTFIX, R.FROZEN, "0.1")
    candidate = compose(hotfix.candidate)
    assert candidate.base == live
    assert [row.change for row in candidate.rows.all()] == [repair]
    waiting.refresh_from_db()
    assert waiting.is_parked


def test_shipped_the_parked_release_comes_back_on_it_with_its_verdicts(cast, waiting, repair, ship, compose):
    before = waiting.candidate
    candidate = ship(propose(cast, repair))
    waiting.refresh_from_db()
    assert not waiting.is_parked
    assert waiting.candidate != before
    again = bring_to_staging(cast, waiting, compose)
    assert again.base == candidate
    assert verdicts.all_approved(again)
    assert set(contents(again)) == {*contents(candidate), *waiting.changes.values_list("pk", flat=True)}


def test_what_overlaps_with_it_needs_its_tester_again(cast, waiting, idea_of, build, ship, compose):
    change = build(planned_change(cast, idea_of), line=40)
    changes.mark_ready(change, by=cast.dev)
    ship(propose(cast, change))
    waiting.refresh_from_db()
    again = bring_to_staging(cast, waiting, compose)
    assert not verdicts.all_approved(again), "all of them are in shop.py"
    assert set(waiting.changes.values_list("status", flat=True)) == {S.STAGING}
    for change in waiting.changes.all():
        verdicts.approve(change, candidate=again, by=cast.tess)
    assert verdicts.all_approved(again)


def test_a_yes_that_holds_again_counts_again(cast, waiting, compose):
    """Without it a change could go live that is still on its way to staging."""
    for change in waiting.changes.all():
        move(change, S.STAGING, by=cast.tess)
    freezing.recompose(waiting, by=cast.petra)
    again = bring_to_staging(cast, waiting, compose)
    assert verdicts.all_approved(again)
    assert set(waiting.changes.values_list("status", flat=True)) == {S.APPROVED}


def test_the_next_review_hears_of_it(cast, repair, ship):
    ship(propose(cast, repair))
    item = AgendaItem.objects.get(idea=repair.ideas.get())
    assert (item.reason, item.words) == (AgendaItem.Reason.HOTFIX, "Nobody can pay")


def test_opened_again_it_gives_staging_back(cast, waiting, repair):
    before = waiting.candidate
    hotfix = propose(cast, repair)
    freezing.unfreeze(hotfix, by=cast.petra)
    waiting.refresh_from_db()
    assert not waiting.is_parked
    assert waiting.candidate != before


def test_what_is_not_ready_is_planned_and_frozen_later(cast, waiting, idea_of, build):
    bug = idea_of("Nobody can pay")
    Idea.objects.filter(pk=bug.pk).update(kind=Idea.Kind.BUG)
    hotfix = hotfixes.propose(cast.product, bugs=[bug], by=cast.ops, reason="Nobody can pay")
    assert hotfix.status == R.PLANNED
    [reason] = freezing.reasons_not_to_freeze(hotfix)
    assert "Not ready: C-3" in reason
    waiting.refresh_from_db()
    assert not waiting.is_parked
    changes.mark_ready(build(hotfix.changes.get(), line=40), by=cast.dev)
    plan.freeze(hotfix, by=cast.petra)
    waiting.refresh_from_db()
    assert waiting.is_parked


def test_it_is_refused_with_the_reason(cast, waiting, repair):
    with pytest.raises(ValidationError, match="Say why"):
        hotfixes.propose(cast.product, changes=[repair], by=cast.ops, reason="")
    with pytest.raises(ValidationError, match="Choose what"):
        propose(cast)
    with pytest.raises(NotAllowed, match=r"24\.11, which is frozen"):
        propose(cast, waiting.changes.first())
    propose(cast, repair)
    assert set(hotfixes.changes_to_choose(cast.product)) == set()


def test_a_parked_release_is_not_put_together_by_hand(cast, waiting, repair):
    propose(cast, repair)
    waiting.refresh_from_db()
    with pytest.raises(NotAllowed, match="made way"):
        freezing.recompose(waiting, by=cast.petra)


def test_a_frozen_release_is_put_together_again_on_what_is_live(cast, waiting, compose):
    before = waiting.candidate
    digest = before.digest
    asked = freezing.recompose(waiting, by=cast.petra)
    assert freezing.recompose(waiting, by=cast.petra) == asked
    assert asked != before
    assert compose(asked).digest == digest, "nothing moved, so everything said still holds"
    assert overlaps.reasons(list(waiting.changes.all())) == []


def test_two_that_are_frozen_in_the_same_moment_are_told_apart(cast, waiting, repair, monkeypatch):
    propose(cast, repair)
    late = urgent.create(cast.product, kind=K.UNDO, reason="Nobody can pay", by=cast.ops)
    with monkeypatch.context() as patch:
        patch.setattr(freezing, "reasons_not_to_freeze", lambda _release: [])
        with pytest.raises(NotAllowed, match=r"Release 0\.1 is frozen and has staging"):
            freezing.freeze(late, by=cast.ops)
    late.refresh_from_db()
    assert late.status == R.PLANNED


def test_a_frozen_release_keeps_its_revisions_whatever_is_pushed_since(cast, waiting, repair, build, ship, compose):
    was = {row.change_id: row.revision_id for row in waiting.candidate.rows.all()}
    change = build(waiting.changes.first(), line=55)
    ship(propose(cast, repair))
    waiting.refresh_from_db()
    again = bring_to_staging(cast, waiting, compose)
    assert {row.change_id: row.revision_id for row in again.rows.all()} == was
    assert was[change.pk] != change.revision_id
    assert verdicts.all_approved(again)


def test_what_was_given_back_comes_with_what_its_developer_offers_next(cast, waiting, build, compose):
    change = waiting.changes.first()
    verdicts.give_back(change, candidate=waiting.candidate, by=cast.tess, reason="It fails")
    change = build(change, line=55)
    waiting.refresh_from_db()
    failed = compose(freezing.recompose(waiting, by=cast.petra))
    assert change.key in failed.error
    changes.mark_ready(change, by=cast.dev)
    again = bring_to_staging(cast, waiting, lambda _old: compose(freezing.recompose(waiting, by=cast.petra)))
    assert again.rows.get(change=change).revision == change.revision
    change.refresh_from_db()
    assert change.status == S.STAGING


def test_a_migration_nobody_explained_does_not_come_in_after_the_freeze(cast, waiting, build, compose):
    change = waiting.changes.first()
    verdicts.give_back(change, candidate=waiting.candidate, by=cast.tess, reason="It fails")
    change = build(change, line=55)
    Revision.objects.filter(pk=change.revision_id).update(files=["wishes/migrations/0002_more.py"])
    changes.mark_ready(change, by=cast.dev)
    waiting.refresh_from_db()
    assert "0002_more.py" in compose(freezing.recompose(waiting, by=cast.petra)).error


def test_a_hotfix_that_is_pushed_to_meanwhile_is_tested_as_it_was_frozen(cast, repair, build, compose):
    hotfix = propose(cast, repair)
    build(repair, line=55)
    candidate = bring_to_staging(cast, hotfix, compose)
    repair.refresh_from_db()
    assert (repair.status, candidate.rows.get().revision.number) == (S.STAGING, 1)
    verdicts.approve(repair, candidate=candidate, by=cast.tess)
    assert verdicts.all_approved(candidate)


def test_what_is_approved_and_frozen_is_not_offered_once_more(cast, waiting, build):
    """It would go to production as "ready", and nobody would hear that it is live."""
    change = build(waiting.changes.first(), line=55)
    with pytest.raises(NotAllowed, match="is on staging already"):
        changes.mark_ready(change, by=cast.dev)
    change.refresh_from_db()
    assert change.status == S.APPROVED
