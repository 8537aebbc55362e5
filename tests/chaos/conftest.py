"""One stack for the whole campaign, and the table of what it measured."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.chaos.product import ChaosProduct
from tests.chaos.results import Results
from tests.chaos.stack import Stack, base_folder


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


@pytest.fixture(autouse=True)
def _no_trap_is_left(stack: Stack) -> Iterator[None]:
    yield
    stack.traps.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.chaos)
