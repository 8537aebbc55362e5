"""The agenda: when it stands, in which order, and what is cut."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from ideas import agenda, boards, clock, scoring, services
from ideas.models import AgendaItem, Idea, ReviewSession, Rhythm, Seat
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from tests.cast import Cast
from tests.ideas.wishes import fresh, on_stage, share, triaged

pytestmark = pytest.mark.django_db


def titles(session: ReviewSession, **which: object) -> list[str]:
    return list(session.items.filter(**which).order_by("position").values_list("idea__title", flat=True))


def test_it_is_ordered_by_score_and_cut_to_the_meetings_minutes(cast: Cast) -> None:
    Rhythm.objects.create(product=cast.product, minutes=6, minutes_per_idea=3)
    items = [triaged(cast, title) for title in ("Small", "Loved", "Urgent")]
    for voter in (cast.carl, cast.dev, cast.tess):
        services.vote(items[1].idea, by=voter)
    Idea.objects.filter(pk=items[2].idea_id).update(urgency=5, importance=5)
    session = items[0].session
    boards.freeze(session, by=cast.petra)
    assert titles(session, is_extra=False) == ["Urgent", "Loved"]
    assert titles(session, is_extra=True) == ["Small"]
    assert fresh(session).status == "frozen"


def test_the_score_is_the_sum_of_what_the_page_says(cast: Cast) -> None:
    item = triaged(cast)
    Idea.objects.filter(pk=item.idea_id).update(votes=7, created_at=timezone.now() - timedelta(weeks=3))
    item.idea.refresh_from_db()
    parts = scoring.parts(item, at=timezone.now())
    assert [part.by for part in parts] == [40, 18, -6, 24, 3]
    assert scoring.score(item, at=timezone.now()) == 79


def test_it_stands_by_itself_when_the_ballots_open_and_the_board_is_told(cast: Cast) -> None:
    item = triaged(cast)
    starts_at = item.session.starts_at
    clock.tick(at=starts_at - timedelta(hours=25))
    assert fresh(item.session).status == "planned"
    clock.tick(at=starts_at - timedelta(hours=23))
    assert fresh(item.session).status == "frozen"
    told = Notification.objects.filter(event="review.ready").values_list("user", flat=True)
    assert set(told) == {cast.lena.pk, cast.petra.pk, cast.ops.pk}
    assert Seat.objects.filter(session=item.session).count() == 3


def test_what_comes_after_it_stands_joins_the_end_below_the_cut(cast: Cast) -> None:
    Rhythm.objects.create(product=cast.product, minutes=6, minutes_per_idea=3)
    session = triaged(cast, "First").session
    boards.freeze(session, by=cast.petra)
    triaged(cast, "There is room")
    triaged(cast, "Too late")
    assert titles(session, is_extra=False) == ["First", "There is room"]
    assert titles(session, is_extra=True) == ["Too late"]


def test_an_open_review_sends_what_is_new_to_the_next_one(cast: Cast) -> None:
    item = on_stage(cast, "Gift wrapping")
    assert triaged(cast, "Faster search").session.week > item.session.week


def test_triaged_ideas_join_by_themselves_and_those_that_are_no_longer_leave(cast: Cast) -> None:
    item = triaged(cast, "Gift wrapping")
    triaged(cast, "Faster search").delete()
    gone = triaged(cast, "Gone")
    Idea.objects.filter(pk=gone.idea_id).update(status="declined")
    boards.open_session(item.session, by=cast.petra)
    assert titles(item.session) == ["Gift wrapping", "Faster search"]


def test_a_returned_idea_stays_although_it_is_not_from_triage(cast: Cast) -> None:
    idea = share(cast)
    Idea.objects.filter(pk=idea.pk).update(status="accepted")
    item = services.put_on_agenda(fresh(idea), by=cast.petra, reason="returned")
    boards.freeze(item.session, by=cast.petra)
    assert titles(item.session) == [idea.title]


@pytest.mark.parametrize("verb", ["decline", "snooze"])
def test_what_triage_decides_leaves_the_agenda(cast: Cast, verb: str) -> None:
    item = triaged(cast)
    how = {"reason": "No."} if verb == "decline" else {"until": timezone.now() + timedelta(days=3)}
    getattr(services, verb)(fresh(item.idea), by=cast.petra, **how)
    assert not AgendaItem.objects.exists()


def test_a_bug_that_goes_to_the_queue_leaves_the_agenda(cast: Cast) -> None:
    item = triaged(cast)
    Idea.objects.filter(pk=item.idea_id).update(kind="bug")
    services.queue_bug(fresh(item.idea), by=cast.petra)
    assert not AgendaItem.objects.exists()


def test_triage_does_not_decide_what_the_board_has_in_hand(cast: Cast) -> None:
    item = on_stage(cast)
    with pytest.raises(NotAllowed, match="in hand"):
        services.decline(fresh(item.idea), by=cast.petra, reason="No.")
    assert fresh(item.idea).status == "triaged"


def test_a_snoozed_idea_that_was_triaged_wakes_on_the_agenda_and_another_in_triage(cast: Cast) -> None:
    known, unknown = triaged(cast, "Known").idea, share(cast, "Unknown")
    now = timezone.now()
    for idea in (known, unknown):
        services.snooze(fresh(idea), by=cast.petra, until=now + timedelta(days=2))
    later = now + timedelta(days=2, minutes=1)
    assert [idea.title for idea in Idea.objects.waiting(at=later)] == ["Unknown"]
    clock.tick(at=later)
    assert AgendaItem.objects.get().reason == AgendaItem.Reason.WOKEN
    assert (fresh(known).status, fresh(unknown).status) == ("triaged", "snoozed")


def test_a_skipped_review_sends_its_ideas_on(cast: Cast) -> None:
    item = triaged(cast)
    later = boards.skip(item.session, by=cast.petra, reason="Holidays.")
    assert fresh(item.session).status == "dropped"
    assert (fresh(item).session, fresh(item).carried_from) == (later, item.session)
    assert agenda.current_session(cast.product) == later


def test_an_agenda_that_stands_can_be_gathered_again(cast: Cast) -> None:
    item = triaged(cast)
    boards.freeze(item.session, by=cast.petra)
    boards.cast(item, by=cast.ops, choice="yes", urgency=1, importance=1)
    boards.thaw(item.session, by=cast.petra)
    assert fresh(item.session).status == "planned"
    with pytest.raises(NotAllowed, match="Nobody votes"):
        boards.cast(item, by=cast.petra, choice="yes", urgency=1, importance=1)
    assert item.ballots.count() == 1


def test_a_merged_idea_leaves_the_agenda_and_comes_back_with_un_merging(cast: Cast) -> None:
    other, item = triaged(cast, "Faster search"), triaged(cast, "Gift wrapping")
    services.merge(other.idea, into=item.idea, by=cast.petra)
    boards.open_session(item.session, by=cast.petra)
    assert fresh(item).status == AgendaItem.Status.VOTING
    assert not agenda.waiting(item.session).exists()
    services.unmerge(fresh(other.idea), by=cast.petra)
    assert [one.idea.title for one in agenda.waiting(item.session)] == ["Faster search"]


def test_another_idea_can_be_taken_first_also_from_below_the_cut(cast: Cast) -> None:
    Rhythm.objects.create(product=cast.product, minutes=5, minutes_per_idea=5)
    item = on_stage(cast, "Gift wrapping", "Faster search")
    other = item.session.items.get(idea__title="Faster search")
    assert other.is_extra
    boards.call(other, by=cast.petra)
    assert (fresh(item).status, fresh(other).status, fresh(other).is_extra) == ("waiting", "voting", False)
    assert fresh(item.session).on_stage == other


def test_the_timer_begins_with_an_idea_and_gets_a_minute_more(cast: Cast) -> None:
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    item = triaged(cast)
    boards.open_session(item.session, by=cast.petra, at=at)
    assert item.session.timer_ends_at == at + timedelta(minutes=3)
    boards.add_minute(item.session, by=cast.petra, at=at)
    assert item.session.timer_ends_at == at + timedelta(minutes=4)
    boards.add_minute(item.session, by=cast.petra, at=at + timedelta(minutes=9))
    assert fresh(item.session).timer_ends_at == at + timedelta(minutes=10)
