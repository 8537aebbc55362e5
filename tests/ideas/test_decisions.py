"""The board's decisions: words that can be undone until the review is closed, then deeds that are told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from ideas import agenda, boards, clock, services
from ideas.models import AgendaItem, Decision, Idea, ReviewSession, Stop
from lifecycle.models import Event, Membership, Notification, Role, User
from lifecycle.transitions import NotAllowed
from tests.cast import Cast
from tests.ideas.wishes import decided, everybody_votes, fresh, on_stage, share, triaged

pytestmark = pytest.mark.django_db


def close(cast: Cast, item: AgendaItem) -> Idea:
    boards.close_session(item.session, by=cast.petra)
    return fresh(item.idea)


def test_nothing_happens_and_nobody_is_told_before_the_review_is_closed(cast: Cast) -> None:
    item = decided(cast, "Gift wrapping", "Faster search", points=3)
    idea = fresh(item.idea)
    assert (idea.status, idea.queue_rank) == ("triaged", None)
    assert not Notification.objects.filter(event="idea.decided").exists()
    assert not Event.objects.filter(subject_kind="idea", verb="idea.accepted").exists()
    following = item.session.items.get(idea__title="Faster search")
    assert following.status == AgendaItem.Status.VOTING, "the next one is put up by itself"


def test_an_accepted_idea_joins_the_end_of_the_queue_at_the_close(cast: Cast) -> None:
    idea = close(cast, decided(cast, points=3))
    assert (idea.status, idea.points, idea.queue_rank, idea.stop) == ("accepted", 3, 1, Stop.REVIEW)


def test_everybody_who_follows_it_is_told_once_with_the_reason(cast: Cast) -> None:
    item = decided(cast, outcome="decline", reason="Costs more than it brings.")
    services.vote(item.idea, by=cast.carl)
    assert close(cast, item).status == "declined"
    told = Notification.objects.filter(event="idea.decided", channel="email")
    assert set(told.values_list("user", flat=True)) == {cast.cleo.pk, cast.carl.pk}
    assert told.filter(user=cast.cleo).get().data["reason"] == "Costs more than it brings."
    assert not Notification.objects.filter(event="idea.declined").exists(), "one news for one decision"


def test_the_size_is_what_the_leads_complexity_suggests_unless_given(cast: Cast) -> None:
    item = on_stage(cast)
    everybody_votes(cast, item, lena=4, petra=1, ops=1)
    boards.reveal(item, by=cast.petra)
    assert boards.decide(item, by=cast.petra, outcome="queue", reason="Yes.").points == 5


def test_the_boards_opinion_becomes_the_ideas(cast: Cast) -> None:
    item = on_stage(cast)
    for person, urgency, complexity in ((cast.lena, 5, 4), (cast.petra, 1, 2), (cast.ops, 2, 2)):
        boards.cast(item, by=person, choice="yes", urgency=urgency, importance=5, complexity=complexity)
    boards.reveal(item, by=cast.petra)
    boards.decide(item, by=cast.petra, outcome="queue", reason="Yes.")
    idea = close(cast, item)
    assert (idea.urgency, idea.importance, idea.complexity) == (2, 5, 4)


def test_a_complexity_that_the_lead_does_not_know_leaves_the_old_one(cast: Cast) -> None:
    item = on_stage(cast)
    for person in (cast.lena, cast.petra, cast.ops):
        boards.cast(item, by=person, choice="yes", urgency=3, importance=3)
    boards.reveal(item, by=cast.petra)
    boards.decide(item, by=cast.petra, outcome="queue", reason="Yes.")
    assert close(cast, item).complexity == 2


def test_a_decision_needs_a_reason_an_outcome_and_open_ballots(cast: Cast) -> None:
    item = on_stage(cast)
    with pytest.raises(NotAllowed):
        boards.decide(item, by=cast.petra, outcome="queue", reason="Now.")
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    for wrong in ({"outcome": "queue", "reason": " "}, {"outcome": "perhaps", "reason": "Hm."}):
        with pytest.raises(ValidationError):
            boards.decide(item, by=cast.petra, **wrong)


def test_later_comes_back_on_its_day(cast: Cast) -> None:
    day = timezone.localdate() + timedelta(days=20)
    item = decided(cast, outcome="later", reason="After the holidays.", until=day)
    idea = close(cast, item)
    assert (idea.status, agenda.waiting_item(idea)) == ("snoozed", None)
    morning = datetime.combine(day, datetime.min.time(), UTC)
    clock.tick(at=morning - timedelta(minutes=1))
    assert fresh(idea).status == "snoozed"
    clock.tick(at=morning + timedelta(minutes=1))
    clock.tick(at=morning + timedelta(minutes=2))
    back = agenda.waiting_item(fresh(idea))
    assert back and (back.reason, fresh(idea).status) == (AgendaItem.Reason.WOKEN, "triaged")
    assert AgendaItem.objects.filter(idea=idea).count() == 2


def test_later_comes_back_with_enough_votes(cast: Cast) -> None:
    item = decided(cast, outcome="later", reason="Too few ask.", votes_needed=2)
    idea = close(cast, item)
    clock.tick()
    assert fresh(idea).status == "snoozed"
    services.vote(idea, by=cast.carl)
    clock.tick()
    assert fresh(idea).status == "triaged"
    assert agenda.waiting_item(idea)


@pytest.mark.parametrize("met", [{"until": timezone.localdate()}, {"votes_needed": 1}])
def test_a_condition_that_is_met_already_is_refused(cast: Cast, met: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        decided(cast, outcome="later", reason="Hm.", **met)


def test_later_without_a_condition_is_on_the_next_agenda(cast: Cast) -> None:
    item = decided(cast, "Gift wrapping", "Faster search", "Two-hour window", outcome="later")
    idea = close(cast, item)
    later = agenda.next_session(cast.product)
    assert later.week > item.session.week
    assert set(later.items.values_list("idea__title", flat=True)) == {
        "Gift wrapping",
        "Faster search",
        "Two-hour window",
    }
    assert set(later.items.values_list("status", "carried_from")) == {("waiting", item.session_id)}
    assert idea.status == "triaged"


def test_a_customers_no_that_is_put_off_for_votes_comes_back_as_such(cast: Cast) -> None:
    idea = share(cast)
    Idea.objects.filter(pk=idea.pk).update(status="accepted")
    services.reach(idea, Stop.FEEDBACK, by=cast.petra)
    item = services.put_on_agenda(fresh(idea), by=cast.petra, words="Still too slow.")
    boards.open_session(item.session, by=cast.petra)
    item.refresh_from_db()
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.decide(item, by=cast.petra, outcome="later", reason="One voice.", votes_needed=2)
    close(cast, item)
    assert agenda.waiting_item(fresh(idea)) is None
    services.vote(idea, by=cast.carl)
    clock.tick()
    back = agenda.waiting_item(fresh(idea))
    assert back and (back.reason, back.words) == ("feedback", "Still too slow.")
    agenda.order(back.session, at=timezone.now())
    agenda.gather(back.session, by=cast.petra, at=timezone.now())
    assert agenda.waiting_item(fresh(idea)) == back


def test_an_asked_author_brings_it_back_with_an_answer(cast: Cast) -> None:
    item = decided(cast, outcome="ask", reason="Which paper do you mean?")
    idea = close(cast, item)
    assert idea.status == "asked"
    services.comment(idea, by=cast.carl, text="I would like that too.")
    assert fresh(idea).status == "asked", "only its author was asked"
    services.comment(idea, by=cast.cleo, text="The brown one.")
    back = agenda.waiting_item(fresh(idea))
    assert back and (back.reason, back.words, fresh(idea).status) == ("answered", "The brown one.", "triaged")


def test_an_accepted_no_starts_another_round(cast: Cast) -> None:
    idea = share(cast)
    Idea.objects.filter(pk=idea.pk).update(status="accepted")
    services.reach(idea, Stop.FEEDBACK, by=cast.petra)
    item = services.put_on_agenda(fresh(idea), by=cast.petra, words="Still too slow.")
    boards.open_session(item.session, by=cast.petra)
    item.refresh_from_db()
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.decide(item, by=cast.petra, outcome="queue", reason="They are right.")
    assert fresh(idea).stop == Stop.FEEDBACK
    again = close(cast, item)
    assert (again.stop, again.queue_rank, again.status) == (Stop.REVIEW, 1, "accepted")
    services.reach(again, Stop.PLANNED, by=cast.petra, note="Release 1.1")
    assert fresh(idea).stop == Stop.PLANNED


def test_an_undone_decision_is_open_again_and_leaves_no_trace_outside(cast: Cast) -> None:
    item = decided(cast, "Gift wrapping", "Faster search", outcome="decline")
    boards.undo(item, by=cast.lena)
    assert (item.status, fresh(item.session).on_stage_id) == (AgendaItem.Status.REVEALED, item.pk)
    assert fresh(item).decision is None
    boards.decide(item, by=cast.petra, outcome="queue", reason="On second thoughts.")
    assert item.decisions.count() == 2
    assert close(cast, item).status == "accepted"
    assert Notification.objects.filter(event="idea.decided", user=cast.cleo, channel="email").count() == 1


def test_after_the_close_nothing_is_undone(cast: Cast) -> None:
    item = decided(cast)
    close(cast, item)
    with pytest.raises(NotAllowed, match="closed"):
        boards.undo(item, by=cast.petra)
    assert fresh(item).decision


def test_unanimous_ideas_are_decided_together_as_all_said(cast: Cast) -> None:
    first = on_stage(cast, "Gift wrapping", "Faster search", "Two-hour window", "Split")
    items = {item.idea.title: item for item in first.session.items.select_related("idea", "session__product")}
    for title, item in items.items():
        for person in (cast.lena, cast.petra, cast.ops):
            split = title == "Split" and person == cast.ops
            choice = "no" if split or title == "Two-hour window" else "yes"
            boards.cast(item, by=person, choice=choice, urgency=3, importance=3, complexity=2)
    assert boards.reveal_all(first.session, by=cast.petra) == 4
    assert fresh(first.session).on_stage_id == items["Split"].pk, "what they disagree on comes first"
    decisions = boards.decide_together(first.session, by=cast.petra, choice="yes", reason="Clear.")
    assert {decision.item.idea.title for decision in decisions} == {"Gift wrapping", "Faster search"}
    assert {decision.outcome for decision in decisions} == {"queue"}
    boards.decide_together(first.session, by=cast.petra, choice="no", reason="Nobody wants it.")
    with pytest.raises(NotAllowed):
        boards.decide_together(first.session, by=cast.petra, choice="yes", reason="Clear.")
    assert Decision.objects.count() == 3


def test_a_forgotten_review_is_closed_at_midnight_and_that_is_said(cast: Cast) -> None:
    item = decided(cast, "Gift wrapping", "Faster search")
    other = item.session.items.get(idea__title="Faster search")
    everybody_votes(cast, other)
    boards.reveal(other, by=cast.petra)
    clock.tick()
    assert fresh(item.session).status == "open"
    clock.tick(at=timezone.now() + timedelta(days=1))
    assert fresh(item.session).status == ReviewSession.Status.CLOSED
    assert fresh(item.idea).status == "accepted"
    moved = fresh(other)
    assert (moved.status, moved.round, moved.session != item.session) == ("waiting", 2, True)
    told = Notification.objects.filter(event="review.forgotten").values_list("user", flat=True)
    assert set(told) == {cast.petra.pk, cast.lena.pk}


def test_one_person_on_three_seats_reviews_alone(cast: Cast) -> None:
    alone = User.objects.create_user("sol@northwind.test", name="Sol")
    Membership.objects.filter(product=cast.product).delete()
    seats = [Role.TEAM_LEAD, Role.PRODUCT_OWNER, Role.DEVOPS]
    Membership.objects.create(user=alone, product=cast.product, roles=seats)
    item = triaged(cast)
    boards.open_session(item.session, by=alone)
    item.refresh_from_db()
    ballot = boards.cast(item, by=alone, choice="yes", urgency=3, importance=3, complexity=1)
    assert ballot.roles == seats
    boards.reveal(item, by=alone)
    boards.decide(item, by=alone, outcome="queue", reason="Mine to do.")
    boards.close_session(item.session, by=alone)
    assert fresh(item.idea).status == "accepted"
