"""One stack for the whole campaign, and the table of what it measured."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.chaos.product import ChaosProduct
from tests.chaos.results import Results
from tests.chaos.stack import Stack, base_folder
from tests.chaos.test_faults import Matrix

FIRST = ("test_duplicates", "test_races", "test_real_values", "test_broker_beats", "test_faults")
"""What counts effects, or waits at the real lengths of time, beside the matrix of faults; then the matrix."""


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
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """The faults at every step, from now on beside everything else."""
    started = Matrix(tmp_path_factory.mktemp("matrix"))
    yield started
    started.stop()


@pytest.fixture(scope="session", autouse=True)
def _begin_with_the_matrix(request: pytest.FixtureRequest) -> None:
    """Where it is asked for, it runs beside the tests that wait most of the time."""
    if any("matrix" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("matrix")


@pytest.fixture(autouse=True)
def _no_trap_is_left(stack: Stack) -> Iterator[None]:
    yield
    stack.traps.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.chaos)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """First what may run beside the matrix of faults, then the matrix itself, then what measures seconds."""
    return FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST)
