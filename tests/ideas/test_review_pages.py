"""The session's page: live for everybody, in a number of statements that does not grow."""

import pytest

from ideas import boards, rhythm
from ideas.models import AgendaItem, ReviewSession
from lifecycle.models import Membership, Notification, Role
from tests.cast import Cast, SignIn
from tests.ideas.test_statement_counts import statements
from tests.ideas.wishes import decided, everybody_votes, fresh, on_stage, triaged

pytestmark = pytest.mark.django_db
BALLOT = {"choice": "yes", "urgency": "3", "importance": "4", "note": "Small."}


def address(item: AgendaItem, *parts: str) -> str:
    return "/".join([f"/review/{item.session.week.lower()}", *parts, ""])


def text_of(client, path: str) -> str:  # noqa: ANN001
    answer = client.get(path, follow=True)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_the_page_asks_every_two_seconds_in_every_state(cast: Cast, sign_in: SignIn) -> None:
    item = triaged(cast)
    client = sign_in(cast.lena)
    for step in (lambda: None, lambda: boards.freeze(item.session, by=cast.petra), lambda: opened(cast, item)):
        step()
        assert 'hx-trigger="every 2s"' in text_of(client, address(item))
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    page = text_of(client, address(item))
    assert 'hx-trigger="every 2s"' in page
    assert f'id="verdict-{item.pk}-1"' in page
    assert "hx-preserve" in page, "what is being typed survives the swap"


def opened(cast: Cast, item: AgendaItem) -> None:
    boards.open_session(item.session, by=cast.petra)
    item.refresh_from_db()


def test_it_is_sent_anew_only_when_something_has_happened(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    client = sign_in(cast.tess)
    seen = fresh(item.session).version
    assert client.get(address(item, "live"), {"seen": seen}).status_code == 204
    for change in (
        lambda: boards.cast(item, by=cast.lena, choice="yes", urgency=1, importance=1),
        lambda: boards.join(item.session, by=cast.tess),
        lambda: boards.add_minute(item.session, by=cast.petra),
        lambda: everybody_votes(cast, item),
        lambda: boards.reveal(item, by=cast.petra),
        lambda: boards.decide(item, by=cast.petra, outcome="queue", reason="Yes."),
        lambda: boards.undo(item, by=cast.petra),
        lambda: boards.vote_again(item, by=cast.petra),
    ):
        change()
        answer = client.get(address(item, "live"), {"seen": seen})
        assert answer.status_code == 200
        assert "<html" not in answer.content.decode()
        seen = fresh(item.session).version
        assert client.get(address(item, "live"), {"seen": seen}).status_code == 204


def test_the_closed_review_leads_everybody_to_its_minutes(cast: Cast, sign_in: SignIn) -> None:
    item = decided(cast)
    boards.close_session(item.session, by=cast.petra)
    answer = sign_in(cast.lena).get(address(item, "live"), {"seen": "1"}, HTTP_HX_REQUEST="true")
    assert answer["HX-Redirect"] == address(item, "minutes")


@pytest.mark.parametrize("ideas", [3, 24])
def test_the_pages_do_not_grow_with_the_agenda(cast: Cast, sign_in: SignIn, ideas: int) -> None:
    first = on_stage(cast, *(f"Idea {n}" for n in range(ideas)))
    for item in first.session.items.select_related("session__product", "idea"):
        everybody_votes(cast, item)
    boards.reveal_all(first.session, by=cast.petra)
    client = sign_in(cast.petra)
    assert len(statements(lambda: client.get(address(first)))) <= 16
    assert len(statements(lambda: client.get(address(first, "live"), {"seen": "0"}))) <= 15
    boards.decide_together(first.session, by=cast.petra, choice="yes", reason="Clear.")
    assert len(statements(lambda: client.get(address(first)))) <= 16
    assert len(statements(lambda: client.get(address(first, "minutes")))) <= 15
    seen = fresh(first.session).version
    assert len(statements(lambda: client.get(address(first, "live"), {"seen": seen}))) <= 4


def test_before_the_meeting_one_ballot_leads_to_the_next(cast: Cast, sign_in: SignIn) -> None:
    item = triaged(cast, "Gift wrapping")
    triaged(cast, "Faster search")
    boards.freeze(item.session, by=cast.petra)
    client = sign_in(cast.ops)
    assert "Cast your ballots, 2 are missing" in text_of(client, address(item))
    first, second = item.session.items.order_by("position")
    answer = client.post(address(item, str(first.pk), "ballot"), BALLOT)
    assert answer["Location"] == address(item, str(second.pk), "ballot")
    assert client.post(address(item, str(second.pk), "ballot"), BALLOT)["Location"] == address(item)
    assert "Complexity" not in text_of(client, address(item, str(first.pk), "ballot"))
    assert "Complexity" in text_of(sign_in(cast.lena), address(item, str(first.pk), "ballot"))


def test_a_ballot_of_an_old_round_is_409(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.vote_again(item, by=cast.petra)
    client = sign_in(cast.ops)
    assert client.post(address(item, str(item.pk), "ballot"), BALLOT | {"round": "1"}).status_code == 409
    assert client.post(address(item, str(item.pk), "ballot"), BALLOT | {"round": "2"}).status_code == 302


def test_a_decision_is_undone_from_the_agenda(cast: Cast, sign_in: SignIn) -> None:
    item = decided(cast, "Gift wrapping", "Faster search", outcome="decline")
    client = sign_in(cast.petra)
    assert "Undo the decision on" in text_of(client, address(item))
    assert "Undo the decision on" not in text_of(sign_in(cast.dev), address(item))
    client.post(address(item, str(item.pk), "undo"))
    assert fresh(item).status == "revealed"
    assert "All say yes" in text_of(client, address(item))


def test_what_all_agree_on_is_offered_to_be_decided_together(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast, "Gift wrapping", "Faster search")
    for one in item.session.items.select_related("session__product", "idea"):
        everybody_votes(cast, one)
    client = sign_in(cast.petra)
    assert "Reveal all 2 that are complete" in text_of(client, address(item))
    client.post(address(item, "reveal"))
    assert "Put these 2 into the queue" in text_of(client, address(item))
    assert client.post(address(item, "together"), {"choice": "yes", "reason": ""}).status_code == 422
    client.post(address(item, "together"), {"choice": "yes", "reason": "Clear."})
    assert "Everything on the agenda is decided" in text_of(client, address(item))


def test_a_seat_is_taken_and_somebody_else_is_there(cast: Cast, sign_in: SignIn) -> None:
    Membership.objects.filter(user=cast.dev).update(roles=[Role.DEVELOPER, Role.DEVOPS])
    item = on_stage(cast)
    client = sign_in(cast.ops)
    assert "from Dev" in text_of(client, address(item))
    client.post(address(item, "seat"), {"role": "devops"})
    assert "from Dev" not in text_of(client, address(item))
    tess = sign_in(cast.tess)
    tess.post(address(item, "attend"))
    assert "I have to go" in text_of(tess, address(item))
    tess.post(address(item, "attend"), {"leave": "1"})
    assert "has left" in text_of(client, address(item))


def test_minutes_say_who_was_there_how_they_voted_and_who_was_told(cast: Cast, sign_in: SignIn) -> None:
    item = decided(cast, outcome="later", reason="Too few ask.", votes_needed=9)
    boards.close_session(item.session, by=cast.petra)
    page = text_of(sign_in(cast.tess), address(item, "minutes"))
    for words in ("Petra", "Too few ask.", "again with 9 votes", "Take it", "1 person heard of a decision", "1 told"):
        assert words in page, words
    assert Notification.objects.filter(event="idea.decided").values("user").distinct().count() == 1


def test_customers_read_published_minutes_where_the_house_allows_it(cast: Cast, sign_in: SignIn) -> None:
    item = decided(cast, "Gift wrapping", "Secret plan", reason="Asked daily.")
    secret = item.session.items.get(idea__title="Secret plan")
    type(secret.idea).objects.filter(pk=secret.idea_id).update(team_only=True)
    everybody_votes(cast, secret)
    boards.reveal(secret, by=cast.petra)
    boards.decide(secret, by=cast.petra, outcome="queue", reason="Hush.")
    path = f"/reviews/{item.session.week.lower()}/"
    assert sign_in(None).get(path).status_code == 404
    rhythm.set_rhythm(cast.product, by=cast.petra, minutes_public=True)
    assert sign_in(None).get(path).status_code == 404, "not before they are published"
    boards.close_session(item.session, by=cast.petra)
    page = text_of(sign_in(None), path)
    assert "Asked daily." in page
    for hidden in ("Hush.", "Secret plan", "Lena", "All say"):
        assert hidden not in page, hidden


def test_skipping_and_freezing_by_button(cast: Cast, sign_in: SignIn) -> None:
    item = triaged(cast)
    client = sign_in(cast.petra)
    client.post(address(item, "freeze"))
    assert "The agenda stands" in text_of(client, address(item))
    client.post(address(item, "thaw"))
    assert "The agenda is gathered" in text_of(client, address(item))
    later = client.post(address(item, "skip"))["Location"]
    assert fresh(item.session).status == ReviewSession.Status.DROPPED
    assert client.get(address(item), follow=True).redirect_chain[-1][0] == later
