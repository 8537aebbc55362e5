"""The sample shop, started as Lifecycle starts a closed environment, lets in whom Lifecycle sends, and nobody else."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from django.utils import timezone

from environments import access
from environments.models import Environment
from tests.cast import Cast
from tests.sample_shop.shop import export, health, metric, serving

pytestmark = pytest.mark.django_db


@pytest.fixture
def checkout(shop_repository: Path, tmp_path: Path) -> Path:
    return export(shop_repository, "main", tmp_path / "checkout")


@pytest.fixture
def staging(cast: Cast) -> Environment:
    made = Environment.objects.create(
        product=cast.product, slug="staging", name="Staging", kind="staging", position=0, url="http://set.below"
    )
    access.set_access(made, access="token", by=cast.ops)
    return made


@pytest.fixture
def address(checkout: Path, staging: Environment, tmp_path: Path) -> Iterator[str]:
    with serving(checkout, tmp_path / "data", access.variables(staging)) as found:
        staging.url = found
        yield found


def status(address: str, opener: urllib.request.OpenerDirector | None = None) -> int:
    try:
        with (opener or urllib.request.build_opener()).open(address, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def new_browser() -> urllib.request.OpenerDirector:
    """One that keeps cookies: without them every way in would end at a closed door."""
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))


def test_it_refuses_without_a_token_and_opens_with_one(address: str, staging: Environment, checkout: Path) -> None:
    assert status(address) == 403
    browser = new_browser()
    way_in = access.address(staging, (checkout / "lifecycle.toml").read_text(encoding="utf-8"))
    assert way_in.startswith(f"{address}/preview/")
    assert status(way_in, browser) == 200
    assert status(f"{address}/cart/", browser) == 200
    assert status(f"{address}/cart/") == 403, "nobody else came in with them"


def test_it_refuses_forged_and_ended_tokens(address: str, staging: Environment) -> None:
    ended = access.token(staging, at=timezone.now() - timedelta(minutes=6))
    ends, _dot, signature = access.token(staging).partition(".")
    for wrong in (ended, f"{int(ends) + 3600}.{signature}", f"{ends}.{'0' * 64}", "x"):
        assert status(f"{address}/preview/{wrong}", new_browser()) == 403, wrong


def test_a_token_of_another_environment_opens_nothing_here(address: str, staging: Environment) -> None:
    elsewhere = Environment(slug="dev", access="token", access_key=staging.access_key)
    assert status(f"{address}/preview/{access.token(elsewhere)}", new_browser()) == 403


def test_its_probes_need_none(address: str) -> None:
    assert health(address)["release"] == "24.11"
    assert metric(address, "shop_checkouts_started_total") >= 0


def test_without_a_key_it_is_open(checkout: Path, tmp_path: Path) -> None:
    with serving(checkout, tmp_path / "data") as address:
        assert status(address) == 200
        assert status(f"{address}/preview/anything") == 200


def test_production_ignores_a_key(checkout: Path, tmp_path: Path) -> None:
    with serving(checkout, tmp_path / "data", {"ENVIRONMENT": "production", "ACCESS_KEY": "x" * 48}) as address:
        assert status(address) == 200
