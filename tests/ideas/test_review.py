"""The weekly review: secret ballots of three roles, then a decision with its reason."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from ideas import agenda, boards, services
from ideas.models import AgendaItem, ReviewSession, Stop
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


@pytest.mark.parametrize("wrong", [{"urgency": 9}, {"choice": "maybe"}])
def test_a_bad_ballot_is_refused(cast: Cast, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        boards.cast(on_stage(cast), by=cast.lena, **YES | wrong)


def revealed(cast: Cast, *titles: str) -> AgendaItem:
    item = on_stage(cast, *titles)
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    return item


def test_a_review_is_not_closed_over_open_ballots(cast: Cast) -> None:
    item = revealed(cast)
    with pytest.raises(NotAllowed, match="decide it first"):
        boards.close_session(item.session, by=cast.petra)


def test_a_customers_no_comes_to_the_agenda_once_with_all_its_words(cast: Cast) -> None:
    idea = share(cast)
    services.reach(idea, Stop.FEEDBACK, by=cast.petra)
    services.put_on_agenda(idea, by=cast.petra, reason="feedback", words="Still too slow.")
    item = services.put_on_agenda(fresh(idea), by=cast.petra, reason="feedback", words="And ugly.")
    assert item.words == "Still too slow.\nAnd ugly."
    assert AgendaItem.objects.count() == 1
    assert fresh(idea).stop == Stop.FEEDBACK, "what is live stays live until the board takes it up again"


def test_a_returned_idea_is_told_of_on_the_agenda_but_keeps_its_stop(cast: Cast) -> None:
    idea = share(cast)
    services.reach(idea, Stop.PRODUCTION, by=cast.petra)
    services.reach(idea, Stop.DEVELOPMENT, by=cast.petra, note="Checkout crawled.", taken_back=True)
    item = services.put_on_agenda(fresh(idea), by=cast.petra, reason="returned", words="Checkout crawled.")
    assert item.added_at - fresh(idea).moved_at < timedelta(seconds=5)
    assert fresh(idea).stop == Stop.DEVELOPMENT
