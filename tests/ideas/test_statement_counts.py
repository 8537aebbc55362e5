"""How many SQL statements a request takes, with session and user, however many rows there are."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ideas import services
from ideas.models import Idea, Stop
from lifecycle.models import Membership, Role, User
from tests.cast import Cast
from tests.ideas.wishes import share

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
CONTROL = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK", "BEGIN", "COMMIT", "SET ")
HTMX = {"HTTP_HX_REQUEST": "true"}


def statements(request: Callable[[], object]) -> list[str]:
    """The statements of `request`, without transaction control."""
    request()
    with CaptureQueriesContext(connection) as captured:
        request()
    return [query["sql"] for query in captured if not query["sql"].startswith(CONTROL)]


@pytest.fixture(params=[5, 60])
def many(request: pytest.FixtureRequest, cast: Cast) -> int:
    """That many ideas; the first has as many votes, comments, wordings and events."""
    people = [User.objects.create_user(f"p{n}@northwind.test", name=f"P{n}") for n in range(request.param)]
    Membership.objects.bulk_create(Membership(user=p, product=cast.product, roles=[Role.CUSTOMER]) for p in people)
    first = share(cast, "Gift wrapping")
    for number, person in enumerate(people):
        services.vote(first, by=person)
        services.comment(first, by=person, text=f"Please, {number}")
        wording = share(cast, f"Wrap it {number}", by=person)
        if number % 2:
            services.merge(wording, into=Idea.objects.get(pk=first.pk), by=cast.petra)
    services.reach(Idea.objects.get(pk=first.pk), Stop.STAGING, by=cast.petra)
    return int(request.param)


@pytest.mark.parametrize("path", ["/ideas/", "/ideas/?q=wrap", "/ideas/?s=followed", "/ideas/?sort=moved"])
def test_the_list_takes_at_most_five(cast: Cast, many: int, sign_in: SignIn, path: str) -> None:
    client = sign_in(cast.carl)
    assert len(statements(lambda: client.get(path))) <= 5


@pytest.mark.parametrize("number", [1, 3])
def test_an_ideas_page_takes_at_most_seven(cast: Cast, many: int, sign_in: SignIn, number: int) -> None:
    for person in (cast.carl, cast.petra):
        client = sign_in(person)
        assert len(statements(lambda client=client: client.get(f"/ideas/{number}/"))) <= 7


def test_a_vote_takes_at_most_six(cast: Cast, many: int, sign_in: SignIn) -> None:
    client = sign_in(cast.carl)
    assert len(statements(lambda: client.post("/ideas/1/vote/", **HTMX))) <= 6
    assert len(statements(lambda: client.post("/ideas/1/unvote/", **HTMX))) <= 6


def test_sharing_takes_at_most_eight(cast: Cast, many: int, sign_in: SignIn) -> None:
    client = sign_in(cast.carl)
    assert len(statements(lambda: client.post("/ideas/new/", {"title": "Faster search"}))) <= 8


def test_the_api_list_takes_at_most_five(cast: Cast, many: int, sign_in: SignIn) -> None:
    client = sign_in(cast.carl)
    assert len(statements(lambda: client.get("/api/v1/products/shop/ideas/"))) <= 5


def test_the_roadmap_the_queue_and_triage_do_not_grow(cast: Cast, many: int, sign_in: SignIn) -> None:
    client = sign_in(cast.petra)
    assert len(statements(lambda: client.get("/roadmap/"))) <= 5
    assert len(statements(lambda: client.get("/queue/"))) <= 6
    assert len(statements(lambda: client.get("/triage/"))) <= 10
