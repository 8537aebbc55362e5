"""A plan: created from the queue, published, rescheduled, frozen, opened again."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from ideas.models import Stop
from lifecycle.events import about
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from releases import changes, freezing, plan, urgent
from releases.models import Change, Release

SOON = timedelta(days=4)


def test_it_makes_one_change_per_idea_with_a_branch_to_use(cast, idea_of):
    idea = idea_of("Keep a wishlist")
    release = plan.create(
        product=cast.product, version="1.0", target_date=timezone.localdate() + SOON, ideas=[idea], by=cast.petra
    )
    change = release.changes.get()
    assert release.status == Release.Status.DRAFT
    assert list(change.ideas.all()) == [idea]
    assert change.branch == f"idea/{idea.number}-keep-a-wishlist"
    assert change.key == "C-1"


def test_a_branch_name_survives_a_title_in_russian(cast, idea_of):
    idea = idea_of("Поиск по-русски")
    assert plan.branch_name(idea) == f"idea/{idea.number}"


def test_it_suggests_the_next_version(cast, plan_of):
    assert plan.suggest_version(cast.product) == "1.0"
    plan_of("Keep a wishlist")
    assert plan.suggest_version(cast.product) == "24.12"


def test_it_names_every_field_that_is_wrong(cast):
    with pytest.raises(ValidationError) as refused:
        plan.create(
            product=cast.product,
            version="24/11",
            target_date=timezone.localdate() - SOON,
            ideas=[],
            by=cast.petra,
        )
    assert set(refused.value.message_dict) == {"version", "target_date", "ideas"}
    assert not Release.objects.exists()


@pytest.mark.parametrize("version", ["24..11", "24.", "24.lock"])
def test_a_version_that_git_takes_no_tag_of_is_refused(cast, idea_of, version):
    ideas = [idea_of("Keep a wishlist")]
    with pytest.raises(ValidationError, match="Git takes no tag"):
        plan.create(product=cast.product, version=version, target_date=timezone.localdate(), ideas=ideas, by=cast.petra)


def test_a_hotfix_of_a_long_version_has_one_that_git_takes(cast, frozen):
    release = frozen("Keep a wishlist")
    Release.objects.filter(pk=release.pk).update(version="2024.11.12.131.2", status="live", live_at=timezone.now())
    assert urgent.next_version(cast.product) == "2024.11.12.131.1"


def test_a_version_is_used_once(cast, idea_of, plan_of):
    plan_of("Keep a wishlist")
    with pytest.raises(ValidationError, match="24.11"):
        plan.create(
            product=cast.product,
            version="24.11",
            target_date=timezone.localdate(),
            ideas=[idea_of("Wrap gifts")],
            by=cast.petra,
        )


def test_publishing_brings_its_ideas_to_planned_and_tells_the_team(cast, plan_of):
    release = plan_of("Keep a wishlist")
    assert release.changes.get().ideas.get().stop == Stop.PLANNED
    assert release.published_at
    told = Notification.objects.filter(event="release.published", channel="in_app").values_list("user__name", flat=True)
    assert "Dev" in told
    assert "Cleo" not in told


def test_an_empty_plan_is_not_published(cast, idea_of):
    release = plan.create(
        product=cast.product,
        version="1",
        target_date=timezone.localdate(),
        ideas=[idea_of("Keep a wishlist")],
        by=cast.petra,
    )
    plan.drop_change(release.changes.get(), by=cast.petra)
    with pytest.raises(NotAllowed):
        plan.publish(release, by=cast.petra)


def test_an_idea_is_planned_once(cast, plan_of, idea_of):
    release = plan_of("Keep a wishlist")
    idea = release.changes.get().ideas.get()
    with pytest.raises(NotAllowed, match="planned already"):
        plan.add_idea(release, idea, by=cast.petra)


def test_rescheduling_keeps_the_first_date_and_the_reason(cast, plan_of):
    release = plan_of("Keep a wishlist")
    first = release.target_date
    plan.reschedule(release, target_date=first + SOON, reason="The bank was late", by=cast.petra)
    plan.reschedule(release, target_date=first + SOON * 2, reason="And again", by=cast.petra)
    release.refresh_from_db()
    assert (release.first_target_date, release.target_date) == (first, first + SOON * 2)
    assert about(release).filter(verb="release.rescheduled").last().note.text == "And again"


def test_rescheduling_a_published_plan_needs_a_reason(cast, plan_of):
    release = plan_of("Keep a wishlist")
    with pytest.raises(ValidationError):
        plan.reschedule(release, target_date=release.target_date + SOON, reason=" ", by=cast.petra)


def test_dropping_a_change_that_was_not_begun_puts_its_idea_back_into_the_queue(cast, plan_of):
    release = plan_of("Keep a wishlist", "Wrap gifts")
    change = release.changes.first()
    idea = change.ideas.get()
    plan.drop_change(change, by=cast.petra, reason="Not this time")
    idea.refresh_from_db()
    change.refresh_from_db()
    assert change.status == Change.Status.DROPPED
    assert (idea.stop, idea.queue_rank is not None) == (Stop.REVIEW, True)


def test_it_is_not_frozen_before_its_musts_are_approved(cast, plan_of):
    release = plan_of("Keep a wishlist")
    with pytest.raises(NotAllowed, match="C-1"):
        plan.freeze(release, by=cast.petra)
    release.refresh_from_db()
    assert release.status == Release.Status.PLANNED


def test_a_draft_is_not_frozen(cast, idea_of):
    release = plan.create(
        product=cast.product,
        version="1.0",
        target_date=timezone.localdate(),
        ideas=[idea_of("Keep a wishlist")],
        by=cast.petra,
    )
    with pytest.raises(NotAllowed, match="published"):
        plan.freeze(release, by=cast.petra)


def test_freezing_takes_the_approved_changes_and_leaves_the_others_for_the_next_plan(cast, tested, idea_of):
    release = tested("Keep a wishlist")
    late = plan.add_idea(release, idea_of("Wrap gifts"), must=False, by=cast.petra)
    candidate = plan.freeze(release, by=cast.petra)
    late.refresh_from_db()
    release.refresh_from_db()
    assert release.status == Release.Status.FROZEN
    assert release.candidate == candidate
    assert late.release is None


def test_a_migration_that_nobody_explained_blocks_the_freeze(cast, tested):
    release = tested("Keep a wishlist")
    change = release.changes.get()
    change.revision.files = ["wishlist/migrations/0001_initial.py"]
    change.revision.save()
    with pytest.raises(NotAllowed, match="migration"):
        plan.freeze(release, by=cast.petra)
    changes.set_migrations(change, migrations="expand", by=cast.dev)
    plan.freeze(release, by=cast.petra)


@pytest.mark.django_db(transaction=True)
def test_a_push_in_the_moment_of_the_freeze_drops_nothing_that_must_be_in(cast, tested, monkeypatch):
    release = tested("Keep a wishlist")
    change = release.changes.get()
    push = threading.Thread(target=pushed, args=(change,))
    ask = freezing.park_for
    with monkeypatch.context() as patch:
        patch.setattr(freezing, "park_for", lambda *a, **b: (push.start(), push.join(0.7), ask(*a, **b)))
        candidate = plan.freeze(release, by=cast.petra)
    push.join(10)
    change.refresh_from_db()
    assert (change.release, change.status, change.revisions.count()) == (release, Change.Status.APPROVED, 2)
    assert candidate.rows.get().revision.number == 1


def pushed(change: Change) -> None:
    """A push in a thread with a connection of its own."""
    try:
        changes.record_push(Change.objects.get(pk=change.pk), fork="a" * 40, tip="b" * 40)
    finally:
        connection.close()


def test_only_one_release_is_frozen(cast, frozen, idea_of):
    frozen("Keep a wishlist")
    other = plan.create(
        product=cast.product,
        version="24.12",
        target_date=timezone.localdate(),
        ideas=[idea_of("Wrap gifts")],
        by=cast.petra,
    )
    plan.publish(other, by=cast.petra)
    assert any("24.11" in reason for reason in plan.reasons_not_to_freeze(other))


def test_unfreezing_opens_the_plan_and_forgets_the_candidate(cast, frozen):
    release = frozen("Keep a wishlist")
    plan.unfreeze(release, by=cast.petra, reason="One more thing")
    release.refresh_from_db()
    assert (release.status, release.candidate) == (Release.Status.PLANNED, None)
    assert release.candidates.exists()


def test_unfreezing_asks_anew_for_what_was_pushed_to_meanwhile(cast, frozen, build):
    release = frozen("Keep a wishlist", "Wrap gifts")
    change, other = release.changes.order_by("pk")
    assert build(change, line=50).status == Change.Status.APPROVED
    plan.unfreeze(release, by=cast.petra)
    for one in (change, other):
        one.refresh_from_db()
    assert (change.status, other.status) == (Change.Status.DEVELOPMENT, Change.Status.APPROVED)


def test_dropping_a_release_needs_a_reason(cast, plan_of):
    release = plan_of("Keep a wishlist")
    with pytest.raises(ValidationError):
        plan.drop(release, by=cast.petra, reason="")
    plan.drop(release, by=cast.petra, reason="The customer went away")
    assert not release.changes.exists()
