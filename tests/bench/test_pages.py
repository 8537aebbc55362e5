"""Pages, API and votes beside bare views of the same stack (limits.py), as ratios of the same run."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone

from ideas.models import Idea
from lifecycle import tokens
from lifecycle.models import Membership, Role, User
from tests.bench import limits
from tests.bench.measuring import HEADER, compare
from tests.cast import Cast

IDEAS, PEOPLE = 10_000, 400
BODY = "I want to pay quickly on my phone, without typing my card, and see what delivery costs before I do. " * 3


@pytest.fixture
def many(cast: Cast) -> Cast:
    dice, now = Random(1), timezone.now()
    people = User.objects.bulk_create([User(email=f"c{n}@northwind.test", password="!") for n in range(PEOPLE)])
    Membership.objects.bulk_create(
        [Membership(user=user, product=cast.product, roles=[Role.CUSTOMER]) for user in people]
    )
    Idea.objects.bulk_create(
        [
            Idea(
                product=cast.product,
                number=n,
                title=f"Wish number {n} for the shop",
                body=BODY,
                author=people[n % PEOPLE],
                votes=int(dice.paretovariate(1.2)),
                created_at=now - timedelta(hours=n),
                moved_at=now - timedelta(hours=n),
            )
            for n in range(1, IDEAS + 1)
        ],
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return cast


def bare_client() -> Client:
    """A client of the bare views: the seven standard middlewares and nothing of ours."""
    with override_settings(MIDDLEWARE=[f"{limits.__name__}.addresses", *limits.MIDDLEWARE]):
        client = Client()
        client.handler.load_middleware()
    return client


def get(client: Client, address: str) -> Callable[[], None]:
    def call() -> None:
        assert client.get(address).status_code == 200

    return call


def post(client: Client, addresses: Iterator[str]) -> Callable[[], None]:
    def call() -> None:
        assert client.post(next(addresses), headers={"hx-request": "true"}).status_code == 200

    return call


@pytest.mark.django_db
def test_pages_beside_their_limits(many: Cast, sign_in, capsys) -> None:  # noqa: ANN001
    cleo, limit = sign_in(many.cleo), bare_client()
    by_token = Client(headers={"authorization": f"Bearer {tokens.issue(many.cleo, name='bench')}"})
    api = f"/api/v1/products/{many.product.slug}/ideas/"
    ours = (f"/ideas/{number}/vote/" for number in Idea.objects.order_by("id").values_list("number", flat=True))
    bare = (f"/bare/{pk}/vote/{many.cleo.pk}/" for pk in Idea.objects.order_by("-id").values_list("pk", flat=True))
    rows = [
        compare("idea list, signed in", get(cleo, "/ideas/"), get(limit, "/bare/"), allowed=1.5),
        compare("API list", get(by_token, api), get(limit, "/bare/api/"), allowed=1.5),
        compare("vote", post(cleo, ours), post(limit, bare), allowed=1.7),
    ]
    with capsys.disabled():
        print("", HEADER, *rows, sep="\n")
    assert [row.name for row in rows if row.cpu_ratio > row.allowed or row.p50_ratio > row.allowed] == []
