"""Find answers with deliveries, and only to the team."""

import pytest

from deployments.finding import find
from deployments.models import Deployment
from tests.cast import Cast
from tests.deployments.watched import candidate, deployment, environment


@pytest.fixture
def live(cast: Cast) -> Deployment:
    return deployment(environment(cast.product), candidate(cast.product, "24.10", sha="abc123" + "0" * 34))


def test_it_finds_a_deployment_by_its_number(live: Deployment, cast: Cast) -> None:
    hits = find(cast.actor(cast.dev), f"#{live.pk}")
    assert [(hit.title, hit.url) for hit in hits] == [
        (f"Deployment {live.pk}: 24.10 to Production", f"/deployments/{live.pk}/")
    ]


def test_it_finds_deployments_by_the_beginning_of_a_commit(live: Deployment, cast: Cast) -> None:
    assert [hit.url for hit in find(cast.actor(cast.dev), "ABC123")] == [f"/deployments/{live.pk}/"]


def test_it_finds_environments_by_name(live: Deployment, cast: Cast) -> None:
    assert [hit.url for hit in find(cast.actor(cast.ops), "produc")] == ["/environments/production/history/"]


@pytest.mark.parametrize("words", ["", "  ", "%", "9" * 30, "nothing like it"])
def test_strange_words_find_nothing(live: Deployment, cast: Cast, words: str) -> None:
    assert find(cast.actor(cast.ops), words) == []


def test_customers_find_no_deliveries(live: Deployment, cast: Cast) -> None:
    assert find(cast.actor(cast.cleo), f"#{live.pk}") == []
