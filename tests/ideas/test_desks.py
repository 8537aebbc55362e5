"""The team's screens of points 1 and 2: triage, merge preview, review, ballot, minutes, queue."""

from collections.abc import Callable

import pytest
from django.test import Client

from ideas import boards, services
from ideas.models import AgendaItem, Area, Idea
from tests.cast import Cast
from tests.ideas.test_portal import page
from tests.ideas.wishes import fresh, on_stage, share, triaged

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
ACCEPT = {"do": "accept", "kind": "feature", "urgency": "3", "importance": "4", "complexity": "2"}
BALLOT = {"choice": "yes", "urgency": "3", "importance": "4", "complexity": "2", "note": "Small."}


def test_the_desk_shows_the_oldest_request_beside_what_is_like_it(cast: Cast, sign_in: SignIn) -> None:
    share(cast, "Two-hour delivery window")
    share(cast, "Delivery window of two hours", by=cast.carl)
    text = page(sign_in(cast.petra), "/triage/")
    assert "2 requests wait" in text
    assert "Probably the same as 2" in text
    assert "<mark>Delivery</mark>" in text


def test_an_empty_desk_says_so(cast: Cast, sign_in: SignIn) -> None:
    assert "Nothing waits" in page(sign_in(cast.petra), "/triage/")


def test_accepting_names_a_new_area_and_goes_on(cast: Cast, sign_in: SignIn) -> None:
    idea = share(cast)
    answer = sign_in(cast.petra).post("/triage/1/", ACCEPT | {"new_area": "Checkout"})
    assert answer["Location"] == "/triage/"
    assert (fresh(idea).status, fresh(idea).area) == ("triaged", Area.objects.get(name="Checkout"))


def test_a_missing_scale_is_422_beside_the_request(cast: Cast, sign_in: SignIn) -> None:
    share(cast)
    answer = sign_in(cast.petra).post("/triage/1/", {"do": "accept", "kind": "feature", "urgency": "3"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "<b>Importance</b> Choose a value" in text
    assert "Gift wrapping with a note" in text


def test_deciding_twice_is_409_with_the_reason(cast: Cast, sign_in: SignIn) -> None:
    share(cast)
    client = sign_in(cast.petra)
    client.post("/triage/1/", ACCEPT)
    answer = client.post("/triage/1/", ACCEPT)
    assert answer.status_code == 409
    assert "Waits for review" in answer.content.decode()


@pytest.mark.parametrize(
    ("act", "good", "bad", "status"),
    [
        ("decline", {"reason": "Too dear."}, {"reason": " "}, "declined"),
        ("snooze", {"until": "2099-01-01"}, {"until": "2001-01-01"}, "snoozed"),
        ("answer", {"text": "On your account page."}, {}, "answered"),
    ],
)
def test_the_other_answers_have_a_page_each(
    cast: Cast, sign_in: SignIn, act: str, good: dict[str, str], bad: dict[str, str], status: str
) -> None:
    idea = share(cast)
    client = sign_in(cast.petra)
    page(client, f"/triage/1/{act}/")
    assert client.post(f"/triage/1/{act}/", bad).status_code == 422
    assert client.post(f"/triage/1/{act}/", good)["Location"] == "/triage/"
    assert fresh(idea).status == status


def test_a_bug_goes_straight_to_the_queue(cast: Cast, sign_in: SignIn) -> None:
    share(cast, "Promo code eats a letter", kind="bug")
    client = sign_in(cast.petra)
    assert "Straight to the queue" in page(client, "/triage/1/")
    client.post("/triage/1/", {"do": "queue"})
    assert list(Idea.objects.queue().values_list("number", flat=True)) == [1]


def test_the_merge_preview_counts_people_and_lets_the_other_wording_lead(cast: Cast, sign_in: SignIn) -> None:
    first, second = share(cast, "Two-hour window"), share(cast, "Delivery hour", by=cast.carl)
    client = sign_in(cast.petra)
    text = page(client, "/triage/2/merge/1/")
    assert "2 people ask for it" in text
    client.post("/triage/2/merge/1/", {"lead": "2"})
    assert (fresh(first).canonical, fresh(second).canonical) == (second, None)
    assert client.get("/triage/2/merge/1/").status_code == 409
    client.post("/ideas/1/unmerge/")
    client.post("/triage/2/merge/1/", {"lead": "1"})
    assert fresh(second).canonical == first


@pytest.mark.parametrize("path", ["/triage/", "/triage/1/", "/triage/1/decline/", "/triage/1/merge/1/"])
def test_triage_is_for_the_product_owner_and_the_lead(cast: Cast, sign_in: SignIn, path: str) -> None:
    share(cast)
    for person in (cast.cleo, cast.dev, cast.tess):
        assert sign_in(person).get(path).status_code == 403
    assert sign_in(None).get(path).status_code == 302


def test_a_review_from_planning_to_minutes(cast: Cast, sign_in: SignIn) -> None:
    item = triaged(cast)
    week = item.session.week.lower()
    petra = sign_in(cast.petra)
    assert petra.get("/review/")["Location"] == f"/review/{week}/"
    assert "Starts" in page(petra, f"/review/{week}/")
    petra.post(f"/review/{week}/open/")
    assert "0 of 3 ballots are in" in page(petra, f"/review/{week}/")
    for person in (cast.lena, cast.petra, cast.ops):
        client = sign_in(person)
        page(client, f"/review/{week}/{item.pk}/ballot/")
        client.post(f"/review/{week}/{item.pk}/ballot/", BALLOT)
    text = page(petra, f"/review/{week}/")
    assert "3 of 3 ballots are in" in text
    assert "Small." not in text, "secret until they are opened"
    petra.post(f"/review/{week}/{item.pk}/reveal/")
    text = page(petra, f"/review/{week}/")
    assert "All say yes" in text
    assert "Small." in text
    assert petra.post(f"/review/{week}/{item.pk}/decide/", {"outcome": "queue", "points": "3"}).status_code == 422
    petra.post(f"/review/{week}/{item.pk}/decide/", {"outcome": "queue", "points": "3", "reason": "Asked daily."})
    assert "Everything on the agenda is decided" in page(petra, f"/review/{week}/")
    petra.post(f"/review/{week}/close/")
    minutes = page(sign_in(cast.tess), f"/review/{week}/minutes/")
    assert "1 idea accepted, 3 of 20 points used" in minutes
    assert "Asked daily." in minutes
    assert petra.get(f"/review/{week}/")["Location"] == f"/review/{week}/minutes/"


def test_the_headline_names_who_is_far_apart(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    for person, urgency in ((cast.lena, 2), (cast.petra, 3), (cast.ops, 5)):
        boards.cast(item, by=person, choice="yes", urgency=urgency, importance=4)
    boards.reveal(item, by=cast.petra)
    text = page(sign_in(cast.lena), f"/review/{item.session.week.lower()}/")
    assert "All say yes, but urgency is 2 against 5" in text
    assert "Far apart: 2 against 5" in text


def test_the_rule_of_three_is_a_409_and_two_go_on(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    url = f"/review/{item.session.week.lower()}/{item.pk}/reveal/"
    for person in (cast.lena, cast.ops):
        boards.cast(item, by=person, choice="no", urgency=1, importance=1, complexity=1)
    client = sign_in(cast.lena)
    assert client.post(url).status_code == 409
    assert "Go on with 2" in page(client, f"/review/{item.session.week.lower()}/")
    client.post(url, {"with": "quorum"})
    assert fresh(item).status == AgendaItem.Status.REVEALED


def test_an_incomplete_ballot_is_422_and_a_testers_403(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    url = f"/review/{item.session.week.lower()}/{item.pk}/ballot/"
    answer = sign_in(cast.ops).post(url, {"choice": "yes", "urgency": "3"})
    assert answer.status_code == 422
    refused = answer.content.decode()
    assert 'href="#id_importance"' in refused
    assert 'id="id_importance"' in refused
    assert refused.count("Choose a value from 1 to 5.") == 2  # above the form and beside the scale
    assert sign_in(cast.tess).get(url).status_code == 403
    assert sign_in(cast.dev).post(url.replace("ballot", "reveal")).status_code == 403


def test_the_queue_has_a_cut_line_and_buttons_for_those_who_order_it(cast: Cast, sign_in: SignIn) -> None:
    cast.product.review_capacity = 2
    cast.product.save()
    for number in range(3):
        services.queue_bug(share(cast, f"Bug {number}", kind="bug"), by=cast.petra)
    petra = sign_in(cast.petra)
    text = page(petra, "/queue/")
    assert "1 of 3 ideas fit" in text
    assert "the next release ends here" in text
    assert "Move 3 up" in text
    assert "Move 3 up" not in page(sign_in(cast.dev), "/queue/")
    assert sign_in(cast.cleo).get("/queue/").status_code == 403


def test_unknown_numbers_and_weeks_are_404(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.petra)
    for path in ("/ideas/99/", "/triage/99/", "/triage/1/merge/99/", "/review/2001-w01/", "/review/x/minutes/"):
        assert client.get(path).status_code == 404, path
    assert "No review is planned" in page(client, "/review/")
    assert "Nothing is accepted yet" in page(client, "/queue/")
