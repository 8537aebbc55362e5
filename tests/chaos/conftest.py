"""One stack for the whole campaign, and the table of what it measured."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.chaos.beside import Beside
from tests.chaos.product import ChaosProduct
from tests.chaos.results import Results
from tests.chaos.stack import Stack, base_folder
from tests.chaos.test_counted import COUNTED, targets
from tests.chaos.test_faults import AT_ONCE, MATRIX

LAST = ("test_broker", "test_database", "test_rollbacks", "test_kills", "test_faults", "test_counted")
"""What measures seconds most closely comes when there is least beside it; then what ran beside it is read."""


@pytest.fixture(scope="session")
def results() -> Iterator[Results]:
    kept = Results()
    yield kept
    own = Path(os.environ["LIFECYCLE_TEST_BASE"]) / "chaos.json"
    kept.keep(Path(os.environ.get("LIFECYCLE_CHAOS_RESULTS") or own))
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


@pytest.fixture(scope="session")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """What only counts effects."""
    started = Beside(tmp_path_factory.mktemp("counted"), targets())
    yield started
    started.stop()


@pytest.fixture(scope="session", autouse=True)
def _begin_with_what_runs_beside(request: pytest.FixtureRequest) -> None:
    """Where it is asked for, from the beginning on."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    for name in sorted(wanted & {"matrix", "counted"}):
        request.getfixturevalue(name)


@pytest.fixture(autouse=True)
def _no_trap_is_left(stack: Stack) -> Iterator[None]:
    yield
    stack.traps.clear()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Mark what is here; what runs beside the rest is not run here as well."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.chaos)
    yield
    if any(item.path.stem == "test_counted" for item in items):
        beside = [item for item in items if item.path.stem in COUNTED]
        config.hook.pytest_deselected(items=beside)
        items[:] = [item for item in items if item not in beside]
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    return LAST.index(item.path.stem) + 1 if item.path.stem in LAST else 0
