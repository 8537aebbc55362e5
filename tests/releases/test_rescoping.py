"""Changing what is frozen: in, out, renewed; with a reason, a new candidate, and only overlapping words stale."""

import pytest
from django.core.exceptions import ValidationError

from lifecycle.events import about
from lifecycle.transitions import NotAllowed
from releases import changes, facts, freezing, plan, rescoping, verdicts
from releases.models import Candidate, Change, Release, Revision

R = Candidate.Status.READY


@pytest.fixture
def release(frozen) -> Release:
    """24.11 with C-1 and C-2, frozen, on staging and approved."""
    return frozen("Keep a wishlist", "Wrap gifts")


@pytest.fixture
def put_together(cast, compose):
    """`put_together(release)` composes what was asked for, keeps the words that hold and shows it on staging."""

    def run(release: Release) -> Candidate:
        candidate = compose(Candidate.objects.get(pk=release.candidate_id))
        assert candidate.status == R, candidate.error
        verdicts.carry_over(candidate)
        facts.mark_on_staging(candidate, by=cast.ops)
        return candidate

    return run


def keys(candidate: Candidate) -> list[str]:
    return [row.change.key for row in candidate.rows.select_related("change")]


def test_a_change_goes_out_and_the_other_keeps_its_yes(cast, release, put_together):
    Revision.objects.filter(change__number=2).update(files=["gifts.py"])
    old, one = release.candidate, release.changes.get(number=1)
    rescoping.take_out(release, one, reason="The bank was late", by=cast.petra)
    candidate = put_together(release)
    assert keys(candidate) == ["C-2"]
    assert candidate.digest != old.digest
    assert release.changes.get().status == Change.Status.APPROVED
    one.refresh_from_db()
    assert (one.release, one.status) == (None, Change.Status.APPROVED)
    event = about(release).get(verb="release.scope_changed")
    assert (event.data["digest"], event.data["how"], event.note.text) == (old.digest, "taken_out", "The bank was late")
    assert Release.objects.get().plan_version == 2


def test_a_returned_change_goes_out_and_the_rest_can_be_put_together(cast, release, put_together):
    one = release.changes.get(number=1)
    verdicts.give_back(one, candidate=release.candidate, by=cast.tess, reason="It loses the list")
    rescoping.take_out(release, one, reason="It loses the list", by=cast.tess)
    assert keys(put_together(release)) == ["C-2"]
    one.refresh_from_db()
    assert one.is_returned


def test_a_yes_falls_where_the_files_overlap(cast, release, put_together):
    rescoping.take_out(release, release.changes.get(number=1), reason="Later", by=cast.petra)
    put_together(release)
    assert release.changes.get().status == Change.Status.STAGING


@pytest.mark.parametrize("verb", [rescoping.take_in, rescoping.take_out, rescoping.renew])
def test_it_needs_a_reason(cast, release, verb):
    with pytest.raises(ValidationError) as refused:
        verb(release, release.changes.get(number=1), reason=" ", by=cast.petra)
    assert list(refused.value.message_dict) == ["reason"]


@pytest.mark.parametrize("verb", [rescoping.take_in, rescoping.take_out, rescoping.renew])
def test_a_plan_that_is_open_is_changed_as_a_plan(cast, plan_of, verb):
    release = plan_of("Keep a wishlist")
    with pytest.raises(NotAllowed, match="is not frozen"):
        verb(release, release.changes.get(), reason="Later", by=cast.petra)


def test_a_parked_release_waits(cast, release):
    Release.objects.update(parked_at=release.frozen_at)
    release.refresh_from_db()
    with pytest.raises(NotAllowed, match="made way"):
        rescoping.take_out(release, release.changes.get(number=1), reason="Later", by=cast.petra)


def test_the_last_one_stays(cast, release):
    rescoping.take_out(release, release.changes.get(number=1), reason="Later", by=cast.petra)
    with pytest.raises(NotAllowed, match="Nothing would be left"):
        rescoping.take_out(release, release.changes.get(), reason="Later", by=cast.petra)
    assert release.changes.count() == 1


def test_what_is_built_on_it_goes_with_it_or_it_stays(cast, frozen, put_together):
    release = frozen("Keep a wishlist", "Wrap gifts", "Zoom pictures")
    one, two = release.changes.get(number=1), release.changes.get(number=2)
    Change.objects.filter(pk=two.pk).update(requires=one)
    with pytest.raises(NotAllowed, match="C-2 is built on C-1: take both out"):
        rescoping.take_out(release, one, reason="Later", by=cast.petra)
    rescoping.take_out(release, one, reason="Later", with_above=True, by=cast.petra)
    assert keys(put_together(release)) == ["C-3"]
    assert about(release).get(verb="release.scope_changed").data["changes"] == [one.pk, two.pk]


def test_a_change_of_another_plan_comes_in_when_it_is_offered(cast, release, idea_of, build, put_together):
    day = release.target_date
    other = plan.create(
        product=cast.product, version="24.12", target_date=day, ideas=[idea_of("Zoom pictures")], by=cast.petra
    )
    late = other.changes.get()
    with pytest.raises(NotAllowed, match="not offered for staging"):
        rescoping.take_in(release, late, reason="The fair", by=cast.petra)
    changes.mark_ready(build(late, line=50), by=cast.dev)
    rescoping.take_in(release, late, reason="The fair", by=cast.petra)
    assert keys(put_together(release)) == ["C-1", "C-2", "C-3"]
    late.refresh_from_db()
    assert (late.release, late.status) == (release, Change.Status.STAGING)


def test_a_change_of_a_frozen_release_does_not_come_twice(cast, release):
    with pytest.raises(NotAllowed, match="is in it"):
        rescoping.take_in(release, release.changes.get(number=1), reason="Again", by=cast.petra)


def test_what_was_pushed_since_is_taken_only_when_somebody_says_so(cast, release, build, put_together):
    one = release.changes.get(number=1)
    with pytest.raises(NotAllowed, match="Nothing newer was pushed"):
        rescoping.renew(release, one, reason="Fixed", by=cast.petra)
    build(one, line=10, text="line_10 = 'again'")
    assert put_together_again(cast, release, put_together).rows.get(change=one).revision.number == 1
    rescoping.renew(release, one, reason="Fixed", by=cast.petra)
    assert put_together(release).rows.get(change=one).revision.number == 2
    one.refresh_from_db()
    assert one.status == Change.Status.STAGING


def put_together_again(cast, release, put_together) -> Candidate:
    freezing.recompose(release, by=cast.petra)
    return put_together(release)
