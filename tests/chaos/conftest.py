"""One stack for the whole campaign, and the table of what it measured."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from environments.models import Environment
from tests.chaos.beside import Beside
from tests.chaos.product import ChaosProduct
from tests.chaos.results import Results
from tests.chaos.stack import Stack, base_folder
from tests.chaos.test_faults import AT_ONCE, MATRIX

LAST = ("test_kills", "test_rollbacks", "test_duplicates", "test_promotions", "test_races", "test_faults")
"""First comes what mostly waits and leaves room for what runs beside it; that is read when all else is done."""


@pytest.fixture(scope="session")
def results() -> Iterator[Results]:
    kept = Results()
    yield kept
    kept.keep(Path(os.environ["LIFECYCLE_TEST_BASE"]) / "chaos.json")
    print(kept.table())


@pytest.fixture(scope="session")
def stack(django_db_blocker: DjangoDbBlocker) -> Iterator[Stack]:
    """Everything runs; the tests of a session share it, each on environments of its own."""
    with django_db_blocker.unblock():
        started = Stack(base_folder())
        try:
            started.start()
            yield started
        finally:
            started.stop()


@pytest.fixture(scope="session")
def product(stack: Stack) -> ChaosProduct:
    """A product with a repository and candidates; `product.environment("one", driver="fake")` makes a place."""
    return ChaosProduct(stack)


@pytest.fixture(scope="session")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """The faults at every step."""
    started = Beside(tmp_path_factory.mktemp("matrix"), [MATRIX], *AT_ONCE, LIFECYCLE_EVERY_FAULT="1")
    yield started
    started.stop()


@pytest.fixture(scope="session", autouse=True)
def _begin_with_what_runs_beside(request: pytest.FixtureRequest) -> None:
    """Where it is asked for, from the beginning on."""
    if any("matrix" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("matrix")


@pytest.fixture(autouse=True)
def _nothing_is_left(stack: Stack) -> Iterator[None]:
    """No trap, and no place that workers look after while others are measured."""
    yield
    stack.traps.clear()
    Environment.objects.exclude(slug="dev").update(status=Environment.Status.GONE)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Mark what is here, and put it in its turn."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.chaos)
    yield
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    return LAST.index(item.path.stem) + 1 if item.path.stem in LAST else 0
