"""Several people at one table at the same moment."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from ideas import boards
from ideas.models import AgendaItem, Ballot, Decision
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from tests.cast import Cast
from tests.ideas.wishes import decided, everybody_votes, fresh, on_stage

pytestmark = pytest.mark.django_db(transaction=True)
YES = {"choice": "yes", "urgency": 3, "importance": 4, "complexity": 2}
ROUNDS = 12


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Do all of them in threads of their own at the same moment; what each returned or was refused with."""
    gate, found = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(place: int, deed: Callable[[], object]) -> None:
        gate.wait()
        try:
            found[place] = deed()
        except NotAllowed as refusal:
            found[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def copies(item: AgendaItem, number: int) -> Iterator[AgendaItem]:
    return (AgendaItem.objects.select_related("session__product", "idea").get(pk=item.pk) for _ in range(number))


def test_two_ballots_of_one_person_are_one(cast: Cast) -> None:
    item = on_stage(cast)
    for _round in range(ROUNDS):
        one, two = copies(item, 2)
        at_once(
            lambda one=one: boards.cast(one, by=cast.lena, **YES), lambda two=two: boards.cast(two, by=cast.lena, **YES)
        )
        assert Ballot.objects.filter(voter=cast.lena).count() == 1
        Ballot.objects.all().delete()


def test_a_ballot_cast_while_they_are_opened_counts_or_is_refused_never_half(cast: Cast) -> None:
    item = on_stage(cast)
    for _round in range(ROUNDS):
        everybody_votes(cast, item)
        one, two = copies(item, 2)
        changed, _opened = at_once(
            lambda one=one: boards.cast(one, by=cast.lena, **YES | {"choice": "no"}),
            lambda two=two: boards.reveal(two, by=cast.petra),
        )
        kept = Ballot.objects.get(item=item, voter=cast.lena, round=fresh(item).round).choice
        assert fresh(item).status == "revealed"
        assert kept == ("yes" if isinstance(changed, NotAllowed) else "no")
        item = next(copies(item, 1))
        boards.vote_again(item, by=cast.petra)


def test_two_decisions_at_once_are_one(cast: Cast) -> None:
    item = on_stage(cast)
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    for _round in range(ROUNDS):
        one, two = copies(item, 2)
        found = at_once(
            lambda one=one: boards.decide(one, by=cast.petra, outcome="queue", reason="Yes."),
            lambda two=two: boards.decide(two, by=cast.lena, outcome="decline", reason="No."),
        )
        assert sum(isinstance(one, Decision) for one in found) == 1
        assert Decision.objects.filter(undone_at=None).count() == 1
        boards.undo(next(copies(item, 1)), by=cast.petra)


def test_a_decision_is_undone_or_carried_out_never_both(cast: Cast) -> None:
    for number in range(4):
        item = decided(cast, f"Idea {number}")
        one, two = copies(item, 2)
        undone, closed = at_once(
            lambda one=one: boards.undo(one, by=cast.lena),
            lambda two=two: boards.close_session(two.session, by=cast.petra),
        )
        assert isinstance(undone, NotAllowed) != isinstance(closed, NotAllowed)
        told = Notification.objects.filter(event="idea.decided", url=f"/ideas/{item.idea.number}/").exists()
        assert told == isinstance(undone, NotAllowed) == (fresh(item.idea).status == "accepted")
        if isinstance(closed, NotAllowed):
            last = next(copies(item, 1))
            boards.decide(last, by=cast.petra, outcome="queue", reason="Yes.")
            boards.close_session(last.session, by=cast.petra)
