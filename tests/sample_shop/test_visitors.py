"""Under visitors the shop holds, the branch with delivery slots does not, and going back cures it."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sample_shop.visitor import visit
from tests.sample_shop.shop import export, health, metric, run, serving

FAILED_CHECKOUTS = 'http_requests_total{endpoint="checkout",method="POST",status="500"}'
BAD = "idea/delivery-slots"
TIMEOUT_SECONDS = 10


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def main(shop_repository: Path, tmp_path: Path) -> Path:
    return export(shop_repository, "main", tmp_path / "main")


@pytest.fixture
def bad(shop_repository: Path, tmp_path: Path) -> Path:
    return export(shop_repository, BAD, tmp_path / "bad")


def visits(address: str, seeds: range) -> Counter[str]:
    """What visitors met, one after the other, until two of them met an error."""
    met: Counter[str] = Counter()
    for seed in seeds:
        met.update(visit(address, rng=random.Random(seed), timeout_seconds=TIMEOUT_SECONDS))
        if met["errors"] >= 2:
            break
    return met


def test_it_says_what_is_running(main: Path, data: Path) -> None:
    with serving(main, data) as address:
        facts = {"status": "ok", "release": "24.11", "environment": "staging", "database": "ok"}
        assert health(address) == facts
        assert run(main, data, "backup").returncode == 0
    assert (data / "backups" / "24.11.sqlite3").exists()


def test_many_visitors_at_once_meet_no_error(main: Path, data: Path) -> None:
    with serving(main, data) as address, ThreadPoolExecutor(8) as pool:
        seeds = [range(first, first + 5) for first in range(0, 80, 5)]
        met = sum(pool.map(lambda some: visits(address, some), seeds), Counter())
        assert met["errors"] == 0
        assert met["orders"] == met["checkouts"] > 20
        assert metric(address, "shop_checkouts_started_total") == met["orders"]


def test_the_bad_branch_fails_at_the_checkout_until_main_is_back(main: Path, bad: Path, data: Path) -> None:
    with serving(bad, data) as address:
        met = visits(address, range(1))
        assert (met["orders"], met["errors"]) == (1, 0), "one person trying it out sees nothing wrong"
        met = visits(address, range(1, 30))
        assert met["errors"] >= 2
        assert metric(address, "shop_checkouts_failed_total") == met["errors"]
        assert metric(address, FAILED_CHECKOUTS) == met["errors"]
    with serving(main, data) as address:
        met = visits(address, range(30))
        assert met["errors"] == 0
        assert met["orders"] > 5


def test_a_visitor_survives_a_shop_that_is_away() -> None:
    met = visit("http://127.0.0.1:9", rng=random.Random(1), timeout_seconds=1)
    assert met == {"requests": 2, "errors": 2, "checkouts": 0, "orders": 0}
