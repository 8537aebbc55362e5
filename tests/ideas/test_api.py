"""Ideas and votes over the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ideas import services
from lifecycle import tokens
from lifecycle.models import Token
from tests.cast import Cast
from tests.ideas.wishes import fresh, share

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
URL = "/api/v1/products/shop/ideas/"


def post(client: Client, body: dict[str, Any], **headers: str) -> Any:
    return client.post(URL, json.dumps(body), content_type="application/json", **headers)


def test_the_list_is_paged_by_a_cursor(cast: Cast, sign_in: SignIn) -> None:
    for number in range(25):
        share(cast, f"Wish {number:02}")
    client = sign_in(cast.carl)
    first = client.get(URL, {"sort": "newest"}).json()
    second = client.get(URL, {"sort": "newest", "cursor": first["next"]}).json()
    numbers = [row["number"] for row in first["results"] + second["results"]]
    assert numbers == list(range(25, 0, -1))
    assert second["next"] == ""
    assert client.get(URL, {"q": "#7"}).json()["results"][0]["title"] == "Wish 06"
    assert first["results"][0]["stop"] == "idea"


def test_sharing_reading_and_voting_with_a_token(cast: Cast) -> None:
    secret = tokens.issue(cast.carl, name="test", scope=Token.Scope.WRITE)
    headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    client = Client()
    made = post(client, {"title": "Gift wrapping", "kind": "feature"}, **headers)
    assert (made.status_code, made.json()["number"], made.json()["source"]) == (201, 1, "customer")
    idea = share(cast, "Faster search")
    assert client.put(f"{URL}2/vote/", **headers).json() == {"number": 2, "votes": 2, "voted": True}
    assert client.put(f"{URL}2/vote/", **headers).json()["votes"] == 2
    assert client.get(f"{URL}2/", **headers).json()["voted"] is True
    assert client.delete(f"{URL}2/vote/", **headers).json() == {"number": 2, "votes": 1, "voted": False}
    assert fresh(idea).votes == 1


def test_a_read_token_may_not_vote_and_a_visitor_must_sign_in(cast: Cast) -> None:
    share(cast)
    secret = tokens.issue(cast.carl, name="test")
    assert Client().put(f"{URL}1/vote/", HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 403
    assert Client().put(f"{URL}1/vote/").status_code == 401
    assert Client().get(URL).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "Ok", "kind": "poem"}, "kind"),
        ({"title": "Ok", "source": "management"}, "source"),
        ({"title": "Ok", "team_only": True}, "source"),
    ],
)
def test_bad_input_is_a_problem_that_names_the_field(
    cast: Cast, sign_in: SignIn, body: dict[str, Any], field: str
) -> None:
    answer = post(sign_in(cast.carl), body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert field in answer.json()["errors"]


def test_a_merged_idea_names_where_it_went(cast: Cast, sign_in: SignIn) -> None:
    first, second = share(cast, "Gift wrapping"), share(cast, "Wrap it", by=cast.carl)
    services.merge(second, into=first, by=cast.petra)
    client = sign_in(cast.carl)
    assert client.get(f"{URL}2/").json()["merged_into"] == 1
    assert [row["number"] for row in client.get(URL).json()["results"]] == [1]


def test_similar_and_unknown(cast: Cast, sign_in: SignIn) -> None:
    share(cast, "Two-hour delivery window")
    share(cast, "A hole", by=cast.petra, team_only=True)
    client = sign_in(cast.carl)
    found = client.get(f"{URL}similar/", {"title": "delivery window"}).json()["results"]
    assert [row["number"] for row in found] == [1]
    assert client.get(f"{URL}2/").status_code == 404
    assert client.get("/api/v1/products/other/ideas/").status_code == 404
    assert client.patch(f"{URL}1/").status_code == 405
