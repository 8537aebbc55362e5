"""Seats and secret ballots: who votes for what, when, and what opens them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ideas import boards, clock, seats
from ideas.models import AgendaItem, Ballot, Rhythm
from lifecycle.models import Event, Membership, Notification, Role
from lifecycle.transitions import NotAllowed
from tests.cast import Cast
from tests.ideas.wishes import everybody_votes, fresh, on_stage, triaged

pytestmark = pytest.mark.django_db
YES = {"choice": "yes", "urgency": 3, "importance": 4, "complexity": 2}


def roles(user: object, cast: Cast, *names: Role) -> None:
    Membership.objects.filter(user=user, product=cast.product).update(roles=list(names))


def test_two_leads_and_one_person_on_two_seats_are_two_voters(cast: Cast) -> None:
    roles(cast.dev, cast, Role.TEAM_LEAD)
    roles(cast.petra, cast)
    roles(cast.ops, cast, Role.PRODUCT_OWNER, Role.DEVOPS)
    item = on_stage(cast)
    table = seats.table(item)
    assert (table.expected, [voter.person for voter in table.voters]) == (2, [cast.dev, cast.ops])
    boards.cast(item, by=cast.dev, **YES)
    ballot = boards.cast(item, by=cast.ops, **YES)
    assert ballot.roles == [Role.PRODUCT_OWNER, Role.DEVOPS]
    boards.reveal(item, by=cast.lena)
    assert item.ballots.count() == 2


def test_as_many_people_as_possible_have_a_seat(cast: Cast) -> None:
    roles(cast.dev, cast, Role.TEAM_LEAD, Role.PRODUCT_OWNER)
    roles(cast.petra, cast)
    item = on_stage(cast)
    assert {voter.person for voter in seats.table(item).voters} == {cast.dev, cast.lena, cast.ops}


def test_whoever_has_a_seats_role_may_take_it_over_and_votes_then(cast: Cast) -> None:
    roles(cast.dev, cast, Role.TEAM_LEAD)
    item = on_stage(cast)
    assert seats.board(item.session).holders[Role.TEAM_LEAD] == cast.dev
    boards.take_seat(item.session, by=cast.lena, role="team_lead")
    assert [voter.person for voter in seats.table(item).voters] == [cast.lena, cast.petra, cast.ops]
    with pytest.raises(NotAllowed, match="its role"):
        boards.take_seat(item.session, by=cast.tess, role="team_lead")


def test_the_second_lead_votes_for_the_seat_that_nobody_voted_for(cast: Cast) -> None:
    roles(cast.dev, cast, Role.TEAM_LEAD)
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    assert seats.board(item.session).holders[Role.TEAM_LEAD] == cast.lena
    with pytest.raises(NotAllowed, match="Lena has cast"):
        boards.cast(item, by=cast.dev, **YES)


def test_complexity_counts_from_the_lead_only(cast: Cast) -> None:
    item = on_stage(cast)
    everybody_votes(cast, item, lena=4, petra=1)
    found = dict(item.ballots.values_list("voter", "complexity"))
    assert found == {cast.lena.pk: 4, cast.petra.pk: None, cast.ops.pk: None}


def test_ballots_are_cast_before_the_meeting_and_opened_in_it(cast: Cast) -> None:
    item = triaged(cast)
    with pytest.raises(NotAllowed):
        boards.cast(item, by=cast.lena, **YES)
    boards.freeze(item.session, by=cast.petra)
    everybody_votes(cast, item)
    with pytest.raises(NotAllowed, match="not open"):
        boards.reveal(item, by=cast.petra)
    boards.open_session(item.session, by=cast.petra)
    item.refresh_from_db()
    boards.reveal(item, by=cast.petra)
    assert item.status == AgendaItem.Status.REVEALED


def test_a_second_round_keeps_the_first_to_compare(cast: Cast) -> None:
    item = on_stage(cast)
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.vote_again(item, by=cast.petra)
    assert (item.status, item.round, item.ballots.count()) == (AgendaItem.Status.VOTING, 2, 3)
    assert seats.table(fresh(item)).cast == 0
    everybody_votes(cast, item)
    assert (len(fresh(item).current), len(fresh(item).earlier)) == (3, 3)


def test_a_late_ballot_for_an_old_round_is_refused(cast: Cast) -> None:
    item = on_stage(cast)
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.vote_again(item, by=cast.petra)
    with pytest.raises(NotAllowed, match="once more"):
        boards.cast(item, by=cast.lena, **YES, round=1)
    boards.cast(item, by=cast.lena, **YES, round=2)


def test_all_that_are_complete_are_opened_and_the_rest_stays_shut(cast: Cast) -> None:
    item = on_stage(cast, "Gift wrapping", "Faster search")
    with pytest.raises(NotAllowed, match="all its ballots"):
        boards.reveal_all(item.session, by=cast.petra)
    other = item.session.items.get(idea__title="Faster search")
    everybody_votes(cast, other)
    boards.cast(item, by=cast.lena, **YES)
    assert boards.reveal_all(item.session, by=cast.petra) == 1
    assert (fresh(other).status, fresh(item).status) == ("revealed", "waiting")
    assert fresh(item.session).on_stage == other


def test_ballots_open_by_themselves_at_zero_where_the_house_says_so(cast: Cast) -> None:
    rule = Rhythm.objects.create(product=cast.product)
    item = on_stage(cast)
    over = timezone.now() + timedelta(minutes=4)
    boards.cast(item, by=cast.lena, **YES)
    boards.cast(item, by=cast.ops, **YES)
    clock.tick(at=over)
    assert fresh(item).status == "voting"
    Rhythm.objects.filter(pk=rule.pk).update(reveals_by_itself=True)
    clock.tick(at=timezone.now())
    assert fresh(item).status == "voting", "the time is not over"
    clock.tick(at=over)
    assert fresh(item).status == "revealed"


def test_without_a_quorum_nothing_opens_by_itself(cast: Cast) -> None:
    Rhythm.objects.create(product=cast.product, reveals_by_itself=True)
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    clock.tick(at=timezone.now() + timedelta(minutes=4))
    assert fresh(item).status == "voting"


def test_the_quorum_is_the_houses(cast: Cast) -> None:
    Rhythm.objects.create(product=cast.product, quorum=1)
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    boards.reveal(item, by=cast.lena, with_quorum=True)
    assert item.status == AgendaItem.Status.REVEALED


def test_a_reminder_reaches_only_those_whose_ballot_is_missing(cast: Cast) -> None:
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    assert boards.remind(item, by=cast.petra) == 1
    reminded = Notification.objects.filter(key=f"review.remind:{item.pk}:1")
    assert set(reminded.values_list("user", flat=True)) == {cast.ops.pk}


def test_no_event_says_how_somebody_voted(cast: Cast) -> None:
    item = on_stage(cast)
    before = Event.objects.count()
    boards.cast(item, by=cast.lena, **YES, note="Customers beg for it.")
    assert Event.objects.count() == before
    assert Ballot.objects.get().note == "Customers beg for it."


def test_whoever_votes_is_there_and_can_leave(cast: Cast) -> None:
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **YES)
    boards.join(item.session, by=cast.tess)
    boards.leave(item.session, by=cast.tess)
    rows = {row.user: row.left_at is None for row in item.session.attendances.select_related("user")}
    assert rows == {cast.petra: True, cast.lena: True, cast.tess: False}
