"""Events and moves: one fact each, with who, and nothing half-written."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from ideas import services as ideas
from ideas.models import Idea
from lifecycle import events
from lifecycle.events import Machine, record
from lifecycle.models import Event, Notification
from lifecycle.transitions import NotAllowed, move
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def wish(cast: Cast) -> Idea:
    return ideas.submit(product=cast.product, author=cast.cleo, title="Wrap it as a present")


def test_an_event_keeps_codes_and_its_words_apart(cast: Cast, wish: Idea) -> None:
    event = record("idea.tried", wish, by=cast.tess, note="Looks good", place=3)
    assert (event.actor, event.machine, event.product) == (cast.tess, "", cast.product)
    assert event.data == {"place": 3}
    assert event.note.text == "Looks good"
    event.note.delete()
    assert Event.objects.filter(pk=event.pk).exists(), "words can be erased, the fact stays"


def test_a_machine_acts_in_its_own_name(cast: Cast, wish: Idea) -> None:
    event = record("idea.tried", wish, by=Machine("watch"))
    assert (event.actor, event.machine) == (None, "watch")


def test_the_story_of_a_thing_is_oldest_first(cast: Cast, wish: Idea) -> None:
    record("idea.tried", wish, by=cast.tess)
    verbs = [event.verb for event in events.about(wish)]
    assert verbs[0] == "idea.submitted"
    assert verbs[-1] == "idea.tried"


def test_a_move_writes_status_fields_and_event_together(cast: Cast) -> None:
    row = outbox_row(cast)
    move(row, "sent", by=Machine("mail"), sent_at=timezone.now())
    row.refresh_from_db()
    event = events.about(row).get()
    assert row.sent_at is not None
    assert (event.from_status, event.to_status) == ("queued", "sent")


def test_a_move_the_table_does_not_know_is_refused_with_both_names(cast: Cast) -> None:
    row = outbox_row(cast)
    with pytest.raises(NotAllowed, match="“Waiting to be sent”, so it cannot become “Read”"):
        move(row, "read", by=cast.cleo)
    row.refresh_from_db()
    assert row.status == "queued"
    assert not events.about(row).exists()


def test_whoever_comes_second_is_told_and_writes_nothing(cast: Cast) -> None:
    row = outbox_row(cast)
    stale = Notification.objects.get(pk=row.pk)
    move(row, "sent", by=cast.cleo)
    with pytest.raises(NotAllowed, match="Somebody else"):
        move(stale, "failed", by=cast.carl)
    row.refresh_from_db()
    assert row.status == "sent"
    assert events.about(row).count() == 1


def test_a_guard_that_does_not_hold_stops_the_move(cast: Cast) -> None:
    row = outbox_row(cast)
    with pytest.raises(NotAllowed):
        move(row, "sent", by=cast.cleo, guard={"attempts": 5})
    row.refresh_from_db()
    assert row.status == "queued"


def test_the_database_refuses_a_status_nobody_knows(cast: Cast) -> None:
    row = outbox_row(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.filter(pk=row.pk).update(status="lost")


def test_a_refused_idea_leaves_nothing_behind(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        ideas.submit(product=cast.product, author=cast.cleo, title="   ")
    assert not Idea.objects.exists()
    assert not Event.objects.exists()


def outbox_row(cast: Cast) -> Notification:
    now = timezone.now()
    return Notification.objects.create(
        user=cast.cleo, event="release.live", channel="email", url="/", key="k", due_at=now, created_at=now
    )
