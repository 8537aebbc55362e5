"""The review over the API: the same rules as the screens, and no ballot before its time."""

import json
from typing import Any

import pytest
from django.test import Client

from ideas import boards
from ideas.models import AgendaItem
from lifecycle.models import Membership, User
from tests.cast import Cast, SignIn
from tests.ideas.wishes import everybody_votes, fresh, on_stage, triaged

pytestmark = pytest.mark.django_db
BALLOT = {"choice": "yes", "urgency": 5, "importance": 4, "complexity": 2, "note": "Whisper"}
BASE = "/api/v1/products/shop/reviews/"


def url(item: AgendaItem, *parts: str) -> str:
    return "/".join([f"{BASE}{item.session.week.lower()}", *parts, ""])


def of_item(item: AgendaItem, what: str) -> str:
    return url(item, "items", str(item.pk), what)


def send(client: Client, method: str, address: str, body: Any = None) -> Any:
    return getattr(client, method)(address, json.dumps(body or {}), content_type="application/json")


def test_a_whole_review(cast: Cast, sign_in: SignIn) -> None:
    item = triaged(cast)
    petra = sign_in(cast.petra)
    assert send(petra, "post", url(item, "freeze")).json()["status"] == "frozen"
    for person in (cast.lena, cast.petra, cast.ops):
        assert send(sign_in(person), "put", of_item(item, "ballot"), BALLOT).status_code == 200
    assert send(petra, "post", url(item, "open")).json()["status"] == "open"
    assert send(petra, "post", url(item, "reveal")).json()["items"][0]["status"] == "revealed"
    again = send(petra, "post", of_item(item, "again")).json()["items"][0]
    assert (again["round"], again["cast"], len(again["ballots"])) == (2, 0, 3)
    for person in (cast.lena, cast.petra, cast.ops):
        send(sign_in(person), "put", of_item(item, "ballot"), BALLOT)
    send(petra, "post", of_item(item, "reveal"))
    decision = {"outcome": "queue", "reason": "Asked daily.", "points": 3}
    assert send(petra, "put", of_item(item, "decision"), decision).json()["by"] == "Petra"
    assert send(petra, "delete", of_item(item, "decision")).json()["items"][0]["decision"] is None
    send(petra, "put", of_item(item, "decision"), decision)
    assert send(petra, "post", url(item, "close")).json()["status"] == "closed"
    assert fresh(item.idea).status == "accepted"
    reviews = {row["week"]: row["status"] for row in petra.get(BASE).json()}
    assert reviews[item.session.week] == "closed"
    assert "planned" in reviews.values(), "the next one is there already"


def test_nobody_reads_anothers_ballot_before_the_reveal(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    send(sign_in(cast.lena), "put", of_item(item, "ballot"), BALLOT)
    for person in (cast.petra, cast.tess, cast.dev):
        found = sign_in(person).get(url(item)).json()["items"][0]
        assert (found["cast"], found["expected"], found["ballots"]) == (1, 3, [])
    assert sign_in(cast.petra).get(of_item(item, "ballot")).status_code == 404
    own = sign_in(cast.lena).get(url(item)).json()["items"][0]["ballots"]
    assert [ballot["voter"] for ballot in own] == ["Lena"]
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    assert len(sign_in(cast.tess).get(url(item)).json()["items"][0]["ballots"]) == 3


def test_no_page_shows_a_ballot_before_the_reveal(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    boards.cast(item, by=cast.lena, **BALLOT)
    week = item.session.week.lower()
    for path in (f"/review/{week}/", f"/review/{week}/live/?seen=0", f"/review/{week}/minutes/", "/inbox/", "/audit/"):
        assert "Whisper" not in sign_in(cast.petra).get(path).content.decode(), path
    assert "Whisper" not in sign_in(cast.petra).get(f"/review/{week}/{item.pk}/ballot/").content.decode()
    assert "Whisper" in sign_in(cast.lena).get(f"/review/{week}/{item.pk}/ballot/").content.decode()


def test_customers_read_nothing_of_it(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    for client in (sign_in(cast.cleo), sign_in(None)):
        for address in (BASE, url(item), of_item(item, "ballot")):
            assert client.get(address).status_code in (401, 403), address


def test_refusals_say_why(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    petra = sign_in(cast.petra)
    assert send(petra, "post", of_item(item, "reveal")).status_code == 409
    assert send(petra, "put", of_item(item, "ballot"), BALLOT | {"urgency": 9}).status_code == 422
    assert send(petra, "put", of_item(item, "ballot"), BALLOT | {"round": 7}).status_code == 409
    assert send(petra, "put", of_item(item, "decision"), {"outcome": "queue", "reason": " "}).status_code == 422
    assert send(sign_in(cast.ops), "post", url(item, "close")).status_code == 403
    assert send(sign_in(cast.dev), "put", of_item(item, "ballot"), BALLOT).status_code == 403


def test_an_administrator_without_a_seat_casts_nothing(cast: Cast, sign_in: SignIn) -> None:
    item = on_stage(cast)
    root = User.objects.create_user("root@example.org", is_admin=True)
    assert not Membership.objects.filter(user=root).exists()
    assert send(sign_in(root), "put", of_item(item, "ballot"), BALLOT).status_code == 409
