"""An idea's stop follows from facts, can be taken back, and can be rebuilt from events."""

import pytest
from django.core.management import CommandError, call_command

from ideas import history, services
from ideas.models import Idea, Stop
from ideas.rebuilding import rebuild
from lifecycle.events import Machine, about
from lifecycle.models import Notification
from tests.cast import Cast
from tests.ideas.wishes import fresh, share, triaged

pytestmark = pytest.mark.django_db
WORKER = Machine("worker")


def test_reaching_a_stop_tells_everybody_who_follows(cast: Cast) -> None:
    idea = share(cast)
    services.vote(idea, by=cast.carl)
    services.reach(idea, Stop.PLANNED, by=cast.petra, note="Release 1.0", fact=cast.product)
    row = fresh(idea)
    assert (row.stop, row.stop_note) == (Stop.PLANNED, "Release 1.0")
    told = Notification.objects.filter(event="idea.moved")
    assert set(told.values_list("user", flat=True)) == {cast.cleo.pk, cast.carl.pk}
    event = about(idea).last()
    assert event and event.data == {"stop": 3, "taken_back": False, "fact_kind": "product", "fact_id": cast.product.pk}


def test_an_earlier_or_equal_stop_changes_nothing(cast: Cast) -> None:
    idea = share(cast)
    services.reach(idea, Stop.STAGING, by=WORKER)
    before = about(idea).count()
    services.reach(idea, Stop.STAGING, by=WORKER)
    services.reach(idea, Stop.PLANNED, by=WORKER)
    assert (fresh(idea).stop, about(idea).count()) == (Stop.STAGING, before)


def test_taking_back_lowers_the_stop_and_tells_the_reason(cast: Cast) -> None:
    idea = share(cast)
    services.reach(idea, Stop.PRODUCTION, by=WORKER)
    services.reach(idea, Stop.DEVELOPMENT, by=cast.max, note="Checkout crawled.", taken_back=True)
    assert fresh(idea).stop == Stop.DEVELOPMENT
    told = Notification.objects.get(event="idea.taken_back", user=cast.cleo, channel="email")
    assert told.data["reason"] == "Checkout crawled."
    services.reach(idea, Stop.STAGING, by=WORKER, taken_back=True)
    assert fresh(idea).stop == Stop.DEVELOPMENT, "taking back never moves forward"


def test_a_merged_wording_moves_its_primary(cast: Cast) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Wrap it", by=cast.carl)
    services.merge(second, into=first, by=cast.petra)
    services.reach(fresh(second), Stop.PLANNED, by=cast.petra)
    assert (fresh(first).stop, fresh(second).stop) == (Stop.PLANNED, Stop.IDEA)
    assert Notification.objects.filter(event="idea.moved", user=cast.carl).exists()


def test_a_planned_idea_leaves_the_queue_and_comes_back_when_taken_out(cast: Cast) -> None:
    bug = share(cast, "Broken", kind="bug")
    services.queue_bug(bug, by=cast.petra)
    services.reach(bug, Stop.PLANNED, by=cast.petra)
    assert not Idea.objects.queue().exists()
    services.reach(bug, Stop.REVIEW, by=cast.petra, note="Taken out of 1.0", taken_back=True)
    assert list(Idea.objects.queue()) == [bug]


def test_the_page_shows_eight_stops_and_that_one_was_taken_back(cast: Cast) -> None:
    item = triaged(cast)
    for stop in (Stop.PLANNED, Stop.DEVELOPMENT, Stop.STAGING):
        services.reach(item.idea, stop, by=WORKER)
    services.reach(item.idea, Stop.DEVELOPMENT, by=cast.tess, note="Broken on a phone.", taken_back=True)
    stops = history.journey(fresh(item.idea), list(about(item.idea)))
    assert [stop.state for stop in stops] == ["done"] * 3 + ["now"] + ["todo"] * 4
    assert stops[3].note.startswith("taken back")
    services.reach(item.idea, Stop.STAGING, by=WORKER)
    assert history.journey(fresh(item.idea), list(about(item.idea)))[4].state == "now"


def test_the_stop_can_be_rebuilt_from_events(cast: Cast) -> None:
    ideas = [share(cast, f"Idea {n}") for n in range(3)]
    services.reach(ideas[0], Stop.PRODUCTION, by=WORKER, note="Release 1.0")
    services.reach(ideas[0], Stop.DEVELOPMENT, by=WORKER, note="Slow.", taken_back=True)
    services.reach(ideas[1], Stop.PLANNED, by=WORKER, note="Release 1.1")
    assert rebuild(repair=False) == []
    Idea.objects.filter(pk__in=[ideas[0].pk, ideas[2].pk]).update(stop=6, stop_note="a lie")
    with pytest.raises(CommandError, match="2 ideas differ"):
        call_command("rebuild_stops", "--check")
    call_command("rebuild_stops")
    assert [fresh(idea).stop for idea in ideas] == [Stop.DEVELOPMENT, Stop.PLANNED, Stop.IDEA]
    assert fresh(ideas[0]).stop_note == "Slow."
    assert rebuild(repair=False) == []
