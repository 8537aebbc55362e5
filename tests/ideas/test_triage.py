"""Accept, decline, snooze, answer, or straight to the queue."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from ideas import services
from ideas.models import AgendaItem, Area, Idea, Stop
from lifecycle.events import about
from lifecycle.models import Notification, Product
from lifecycle.transitions import NotAllowed
from tests.cast import Cast
from tests.ideas.wishes import fresh, share, triaged

pytestmark = pytest.mark.django_db
SCALES = {"urgency": 3, "importance": 4, "complexity": 2}


def test_an_accepted_idea_is_on_the_next_agenda_and_reaches_review(cast: Cast) -> None:
    item = triaged(cast)
    idea = fresh(item.idea)
    assert (idea.status, idea.stop, idea.importance, idea.area.name) == ("triaged", Stop.REVIEW, 4, "Checkout")
    assert (item.reason, item.session.status) == (AgendaItem.Reason.TRIAGED, "planned")
    assert [event.verb for event in about(idea)] == ["idea.submitted", "idea.triaged", "idea.reached"]


def test_two_accepted_ideas_share_one_agenda(cast: Cast) -> None:
    first, second = triaged(cast, "Gift wrapping"), triaged(cast, "Faster search")
    assert first.session == second.session
    assert first.position < second.position


@pytest.mark.parametrize("wrong", [{"urgency": 0}, {"importance": 6}, {"kind": "poem"}])
def test_bad_values_are_refused_by_name(cast: Cast, wrong: dict[str, object]) -> None:
    idea = share(cast)
    with pytest.raises(ValidationError) as error:
        services.triage(idea, by=cast.petra, **{"kind": "bug", "area": None, **SCALES} | wrong)
    assert set(error.value.message_dict) == set(wrong)
    assert fresh(idea).status == "new"


def test_an_area_of_another_product_is_refused(cast: Cast) -> None:
    foreign = Area.objects.create(product=Product.objects.create(name="Other", slug="other"), name="Checkout")
    with pytest.raises(ValidationError, match="another product"):
        services.triage(share(cast), by=cast.petra, kind="bug", area=foreign, **SCALES)


def test_a_merged_idea_is_decided_where_it_went(cast: Cast) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Wrap it", by=cast.carl)
    services.merge(second, into=first, by=cast.petra)
    with pytest.raises(NotAllowed, match="merged into 1"):
        services.decline(second, by=cast.petra, reason="Twice.")


def test_a_decline_sends_its_reason_and_can_be_opened_again(cast: Cast) -> None:
    idea = share(cast)
    services.decline(idea, by=cast.petra, reason="The carrier gives no live position.")
    told = Notification.objects.filter(event="idea.declined", user=cast.cleo).first()
    assert told and told.data["reason"] == "The carrier gives no live position."
    services.reopen(idea, by=cast.petra)
    assert fresh(idea).status == "new"


def test_a_decline_needs_a_reason_and_an_open_idea(cast: Cast) -> None:
    idea = share(cast)
    with pytest.raises(ValidationError):
        services.decline(idea, by=cast.petra, reason=" ")
    services.decline(idea, by=cast.petra, reason="No.")
    with pytest.raises(NotAllowed):
        services.decline(idea, by=cast.petra, reason="No again.")


def test_a_snoozed_idea_comes_back_by_itself(cast: Cast) -> None:
    idea, now = share(cast), timezone.now()
    services.snooze(idea, by=cast.petra, until=now + timedelta(days=3))
    waiting = Idea.objects.filter(product=cast.product)
    assert not waiting.waiting(at=now).exists()
    assert list(waiting.waiting(at=now + timedelta(days=3, seconds=1))) == [idea]
    services.triage(idea, by=cast.petra, kind="feature", area=None, **SCALES)
    assert fresh(idea).snoozed_until is None


def test_snoozing_into_the_past_is_refused(cast: Cast) -> None:
    with pytest.raises(ValidationError):
        services.snooze(share(cast), by=cast.petra, until=timezone.now())


def test_an_answer_is_a_public_comment_and_closes_the_question(cast: Cast) -> None:
    idea = share(cast, "How do I change my name?", kind="question")
    services.answer(idea, by=cast.petra, text="On your account page.")
    assert (fresh(idea).status, fresh(idea).comments) == ("answered", 1)
    with pytest.raises(NotAllowed):
        services.answer(idea, by=cast.petra, text="Again.")


def test_a_bug_may_go_straight_to_the_queue(cast: Cast) -> None:
    first = share(cast, "Promo code eats the first letter", kind="bug")
    second = share(cast, "Return mail never comes", kind="bug")
    services.queue_bug(first, by=cast.petra)
    services.queue_bug(second, by=cast.petra)
    assert list(Idea.objects.queue()) == [first, second]
    assert (second.queue_rank, second.status) == (2, "accepted")


def test_a_wish_may_not(cast: Cast) -> None:
    with pytest.raises(NotAllowed, match="Only a bug"):
        services.queue_bug(share(cast), by=cast.petra)
