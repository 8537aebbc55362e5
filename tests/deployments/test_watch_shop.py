"""The sample shop under the demo's visitors: the watch names the checkout of the bad branch, and spares a good one."""

import random
from pathlib import Path

import pytest
from django.utils import timezone

from deployments import watch, words
from deployments.models import Finding, Watch
from environments.models import Environment
from releases.models import Candidate
from sample_shop.build import build
from sample_shop.visitor import visit
from tests.cast import Cast
from tests.deployments.watched import candidate, deployment, environment, release
from tests.sample_shop.shop import export, serving

pytestmark = pytest.mark.slow
VISITS_BEFORE, VISITS_AFTER = 25, 30
VISITS_IN_A_MINUTE = 30  # the demo sends one every two seconds


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("watched") / "shop.git"
    build(target)
    return target


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def production(cast: Cast) -> Environment:
    cast.product.sample_seconds = 0
    cast.product.save()
    place = environment(cast.product)
    deployment(place, candidate(cast.product, "24.10", purpose=Candidate.Purpose.ADOPTED))
    return place


def visitors(place: Environment, count: int) -> int:
    """Visits, a sample after each, until the watch has found what needs action; how many it took."""
    for seed in range(count):
        visit(place.url, rng=random.Random(seed), timeout_seconds=10)
        watch.sample(place)
        if Finding.objects.filter(tier=Finding.Tier.ACT).exists():
            return seed + 1
    return count


def serve_before(place: Environment, checkout: Path, data: Path) -> None:
    """Main as it ran before the release, with visitors: the baseline."""
    with serving(checkout, data) as place.url:
        place.save(update_fields=["url"])
        visitors(place, VISITS_BEFORE)


def test_the_branch_that_makes_checkout_fail_is_named_within_a_minute(
    cast: Cast, production: Environment, repository: Path, data: Path, tmp_path: Path
) -> None:
    serve_before(production, export(repository, "main", tmp_path / "main"), data)
    with serving(export(repository, "idea/delivery-slots", tmp_path / "bad"), data) as production.url:
        production.save(update_fields=["url"])
        watch.open_for(deployment(production, release(cast, "24.11"), at=timezone.now()))
        assert visitors(production, VISITS_AFTER) < VISITS_IN_A_MINUTE
    found = Finding.objects.select_related("watch").filter(tier=Finding.Tier.ACT)
    assert found and all("checkout" in one.endpoint for one in found)
    assert any(words.sentence(one).startswith("Checkout fails") for one in found)


def test_a_good_release_under_the_same_visitors_closes_well(
    cast: Cast, production: Environment, repository: Path, data: Path, tmp_path: Path
) -> None:
    serve_before(production, export(repository, "main", tmp_path / "main"), data)
    with serving(export(repository, "idea/wishlist", tmp_path / "good"), data) as production.url:
        production.save(update_fields=["url"])
        made = watch.open_for(deployment(production, release(cast, "24.11"), at=timezone.now()))
        assert made is not None
        visitors(production, VISITS_AFTER)
    Watch.objects.update(closes_at=timezone.now())
    cast.product.sample_seconds = 2
    cast.product.save()
    watch.tick()
    assert Watch.objects.get().status == Watch.Status.WELL
    assert not Finding.objects.exclude(kind=Finding.Kind.BOTTLENECK).exists()
