"""The weekly review: secret ballots of three roles, then a decision with its reason."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from ideas import agenda, boards, services
from ideas.models import AgendaItem, Idea, ReviewSession, Stop
from lifecycle.models import Membership, Notification, Role
from lifecycle.transitions import NotAllowed
from tests.cast import Cast
from tests.ideas.wishes import everybody_votes, fresh, on_stage, share, triaged

pytestmark = pytest.mark.django_db
YES = {"choice": "yes", "urgency": 3, "importance": 4, "complexity": 2}
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_next_review_is_on_the_next_tuesday_in_the_products_zone(cast: Cast) -> None:
    cast.product.time_zone = "Europe/Riga"
    session = agenda.next_session(cast.product, at=MONDAY)
    assert (session.week, session.starts_at) == ("2026-W48", datetime(2026, 11, 24, 8, tzinfo=UTC))
    assert agenda.next_session(cast.product, at=MONDAY) == session


def test_a_week_that_had_its_review_is_skipped(cast: Cast) -> None:
    done = agenda.next_session(cast.product, at=MONDAY)
    ReviewSession.objects.filter(pk=done.pk).update(status="closed")
    assert agenda.next_session(cast.product, at=MONDAY).week == "2026-W49"


def test_opening_puts_the_first_idea_up_and_tells_the_board(cast: Cast) -> None:
    item = on_stage(cast, "Gift wrapping", "Faster search")
    assert item.status == AgendaItem.Status.VOTING
    told = set(Notification.objects.filter(event="review.open").values_list("user", flat=True))
    assert told == {cast.lena.pk, cast.petra.pk, cast.ops.pk}


def test_triaged_ideas_join_the_agenda_by_themselves(cast: Cast) -> None:
    item = triaged(cast, "Gift wrapping")
    lost = triaged(cast, "Faster search")
    lost.delete()
    boards.open_session(item.session, by=cast.petra)
    assert [one.idea.title for one in item.session.items.all()] == ["Gift wrapping", "Faster search"]


def test_an_empty_review_and_a_second_one_are_not_opened(cast: Cast) -> None:
    empty = agenda.next_session(cast.product)
    with pytest.raises(NotAllowed, match="Nothing is on the agenda"):
        boards.open_session(empty, by=cast.petra)
    on_stage(cast)
    later = triaged(cast, "Faster search")
    with pytest.raises(NotAllowed, match="still open"):
        boards.open_session(later.session, by=cast.petra)
    assert fresh(later.session).status == "planned"


def test_a_ballot_is_secret_until_all_three_are_in(cast: Cast) -> None:
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    boards.cast(item, by=cast.petra, **YES)
    with pytest.raises(NotAllowed, match="still missing: Ops"):
        boards.reveal(item, by=cast.petra)
    boards.cast(item, by=cast.ops, **YES)
    boards.reveal(item, by=cast.petra)
    assert item.status == AgendaItem.Status.REVEALED


def test_the_lead_goes_on_with_two_but_not_with_one(cast: Cast) -> None:
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    with pytest.raises(NotAllowed, match="quorum"):
        boards.reveal(item, by=cast.lena, with_quorum=True)
    boards.cast(item, by=cast.ops, **YES)
    boards.reveal(item, by=cast.lena, with_quorum=True)
    assert item.status == AgendaItem.Status.REVEALED


def test_a_ballot_can_be_changed_until_the_reveal(cast: Cast) -> None:
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    boards.cast(item, by=cast.lena, **YES | {"choice": "no"})
    assert item.ballots.get(voter=cast.lena).choice == "no"
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    with pytest.raises(NotAllowed, match="Nobody votes"):
        boards.cast(item, by=cast.lena, **YES)


def test_only_the_board_has_a_seat_and_each_seat_one_ballot(cast: Cast) -> None:
    item = on_stage(cast)
    with pytest.raises(NotAllowed, match="team lead"):
        boards.cast(item, by=cast.tess, **YES)
    Membership.objects.filter(user=cast.dev).update(roles=[Role.DEVOPS])
    boards.cast(item, by=cast.ops, **YES)
    with pytest.raises(NotAllowed, match="Ops has cast"):
        boards.cast(item, by=cast.dev, **YES)


def test_somebody_with_two_roles_votes_once(cast: Cast) -> None:
    Membership.objects.filter(user=cast.petra).update(roles=[Role.PRODUCT_OWNER, Role.TEAM_LEAD])
    Membership.objects.filter(user=cast.lena).delete()
    item = on_stage(cast)
    boards.cast(item, by=cast.petra, **YES)
    boards.cast(item, by=cast.ops, **YES)
    boards.reveal(item, by=cast.petra)
    assert item.ballots.count() == 2


@pytest.mark.parametrize("wrong", [{"urgency": 9}, {"choice": "maybe"}])
def test_a_bad_ballot_is_refused(cast: Cast, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        boards.cast(on_stage(cast), by=cast.lena, **YES | wrong)


def revealed(cast: Cast, *titles: str) -> AgendaItem:
    item = on_stage(cast, *titles)
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    return item


def test_an_accepted_idea_joins_the_end_of_the_queue(cast: Cast) -> None:
    item = revealed(cast, "Gift wrapping", "Faster search")
    boards.decide(item, by=cast.petra, outcome="accept", reason="Asked every day.", points=3)
    idea = fresh(item.idea)
    assert (idea.status, idea.points, idea.queue_rank, idea.stop) == ("accepted", 3, 1, Stop.REVIEW)
    following = item.session.items.get(idea__title="Faster search")
    assert following.status == AgendaItem.Status.VOTING, "the next one is put up by itself"


def test_points_come_from_the_complexity_unless_given(cast: Cast) -> None:
    decision = boards.decide(revealed(cast), by=cast.petra, outcome="accept", reason="Yes.")
    assert decision.points == 2


def test_a_declined_idea_tells_its_voters_the_reason(cast: Cast) -> None:
    item = revealed(cast)
    boards.decide(item, by=cast.petra, outcome="decline", reason="Costs more than it brings.")
    assert fresh(item.idea).status == "declined"
    assert Notification.objects.get(event="idea.declined", user=cast.cleo, channel="email").data["reason"]


def test_a_decision_needs_a_reason_an_outcome_and_open_ballots(cast: Cast) -> None:
    item = on_stage(cast)
    with pytest.raises(NotAllowed):
        boards.decide(item, by=cast.petra, outcome="accept", reason="Now.")
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    with pytest.raises(ValidationError):
        boards.decide(item, by=cast.petra, outcome="accept", reason=" ")
    with pytest.raises(ValidationError):
        boards.decide(item, by=cast.petra, outcome="perhaps", reason="Hm.")


def test_voting_again_throws_the_ballots_away(cast: Cast) -> None:
    item = revealed(cast)
    boards.vote_again(item, by=cast.petra)
    assert (item.status, item.ballots.count()) == (AgendaItem.Status.VOTING, 0)


def test_another_idea_can_be_taken_first(cast: Cast) -> None:
    item = on_stage(cast, "Gift wrapping", "Faster search")
    other = item.session.items.get(idea__title="Faster search")
    boards.call(other, by=cast.petra)
    assert (fresh(item).status, fresh(other).status) == ("waiting", "voting")
    everybody_votes(cast, other)
    boards.reveal(other, by=cast.petra)
    with pytest.raises(NotAllowed, match="decide it first"):
        boards.call(fresh(item), by=cast.petra)


def test_closing_carries_over_what_was_not_reached_or_came_below_the_line(cast: Cast) -> None:
    item = revealed(cast, "Gift wrapping", "Faster search", "Two-hour window")
    boards.decide(item, by=cast.petra, outcome="below", reason="Next time.")
    boards.close_session(item.session, by=cast.petra)
    later = agenda.next_session(cast.product)
    assert later.week > item.session.week
    titles = set(later.items.values_list("idea__title", flat=True))
    assert titles == {"Gift wrapping", "Faster search", "Two-hour window"}
    assert set(later.items.values_list("status", flat=True)) == {"waiting"}


def test_a_review_is_not_closed_over_open_ballots(cast: Cast) -> None:
    item = revealed(cast)
    with pytest.raises(NotAllowed, match="decide it first"):
        boards.close_session(item.session, by=cast.petra)


def test_a_merged_idea_leaves_the_agenda_and_comes_back_with_un_merging(cast: Cast) -> None:
    other = triaged(cast, "Faster search")
    item = triaged(cast, "Gift wrapping")
    services.merge(other.idea, into=item.idea, by=cast.petra)
    boards.open_session(item.session, by=cast.petra)
    assert fresh(item).status == AgendaItem.Status.VOTING
    assert [one.idea for one in boards.waiting(item.session)] == []
    services.unmerge(fresh(other.idea), by=cast.petra)
    assert [one.idea.title for one in boards.waiting(item.session)] == ["Faster search"]


def test_a_customers_no_comes_to_the_agenda_once_with_all_its_words(cast: Cast) -> None:
    idea = share(cast)
    services.reach(idea, Stop.FEEDBACK, by=cast.petra)
    services.put_on_agenda(idea, by=cast.petra, reason="feedback", words="Still too slow.")
    item = services.put_on_agenda(fresh(idea), by=cast.petra, reason="feedback", words="And ugly.")
    assert item.words == "Still too slow.\nAnd ugly."
    assert AgendaItem.objects.count() == 1
    assert fresh(idea).stop == Stop.FEEDBACK, "what is live stays live until the board takes it up again"


def test_an_accepted_no_starts_another_round(cast: Cast) -> None:
    idea = share(cast)
    Idea.objects.filter(pk=idea.pk).update(status="accepted")
    services.reach(idea, Stop.FEEDBACK, by=cast.petra)
    item = services.put_on_agenda(fresh(idea), by=cast.petra, words="Still too slow.")
    boards.open_session(item.session, by=cast.petra)
    item.refresh_from_db()
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.decide(item, by=cast.petra, outcome="accept", reason="They are right.")
    again = fresh(idea)
    assert (again.stop, again.queue_rank, again.status) == (Stop.REVIEW, 1, "accepted")
    services.reach(again, Stop.PLANNED, by=cast.petra, note="Release 1.1")
    assert fresh(idea).stop == Stop.PLANNED


def test_a_reminder_reaches_only_those_whose_ballot_is_missing(cast: Cast) -> None:
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    assert boards.remind(item, by=cast.petra) == 1
    key = f"review.remind:{item.pk}"
    assert set(Notification.objects.filter(key=key).values_list("user", flat=True)) == {cast.ops.pk}


def test_moving_in_the_queue_swaps_neighbours_and_keeps_the_ends(cast: Cast) -> None:
    bugs = [share(cast, f"Bug {n}", kind="bug") for n in range(3)]
    for bug in bugs:
        services.queue_bug(bug, by=cast.petra)
    boards.move_in_queue(bugs[2], by=cast.petra, up=True, reason="Worth it before the holidays.")
    boards.move_in_queue(bugs[0], by=cast.petra, up=True)
    assert list(Idea.objects.queue()) == [bugs[0], bugs[2], bugs[1]]
    with pytest.raises(NotAllowed, match="not in the queue"):
        boards.move_in_queue(share(cast, "Not queued"), by=cast.petra, up=True)


def test_a_returned_idea_is_told_of_on_the_agenda_but_keeps_its_stop(cast: Cast) -> None:
    idea = share(cast)
    services.reach(idea, Stop.PRODUCTION, by=cast.petra)
    services.reach(idea, Stop.DEVELOPMENT, by=cast.petra, note="Checkout crawled.", taken_back=True)
    item = services.put_on_agenda(fresh(idea), by=cast.petra, reason="returned", words="Checkout crawled.")
    assert item.added_at - fresh(idea).moved_at < timedelta(seconds=5)
    assert fresh(idea).stop == Stop.DEVELOPMENT
