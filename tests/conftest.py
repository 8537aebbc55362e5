"""Fixtures that every app's tests share."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from deployments import running
from deployments import services as deployments
from environments import repositories
from environments.models import Branch, Environment
from lifecycle.embedded import ports
from lifecycle.models import Product, User
from lifecycle.story.seed import create_environments
from releases import candidates
from sample_shop import build
from tests import migrated, turns
from tests.cast import Cast, assemble
from tests.machinery import Machinery, eventually


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> turns.Turns | None:
    """Only where files are asked to stay together; the matrix of faults is one file that is not."""
    return turns.Turns(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        turns.by_length(items)


def pytest_collection_finish() -> None:
    """What is imported by now stays: there is no garbage in it to look for."""
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Begin with a copy of the migrated database, on a server of our own."""
    if name := os.environ.get("LIFECYCLE_TEST_TEMPLATE"):
        migrated.make_sure_of(name)
        connection.settings_dict["TEST"]["TEMPLATE"] = name


@pytest.fixture
def shop(db: None) -> Product:
    return Product.objects.create(
        name="Northwind shop", slug="shop", is_default=True, watch_minutes=2, sample_seconds=2
    )


@pytest.fixture
def cast(shop: Product) -> Cast:
    return assemble(shop)


@pytest.fixture
def sign_in() -> Callable[[User | None], Client]:
    """`sign_in(cast.petra)` is a client that is signed in as Petra; `sign_in(None)` a visitor's."""

    def client_for(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return client_for


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """The sample shop's repository with its branches."""
    build.build(tmp_path / "shop.git")
    return tmp_path / "shop.git"


@pytest.fixture
def shops() -> dict[str, int]:
    """A free port per environment."""
    found: dict[str, int] = {}
    for slug in ("dev", "staging", "production"):
        found[slug] = ports.pick(max(found.values(), default=28_000) + 1)
    return found


@pytest.fixture
def machinery(transactional_db: None, shops: dict[str, int], settings, tmp_path: Path) -> Iterator[Machinery]:  # noqa: ANN001
    """Keeper, worker and beat on this test's database, with a var folder of their own."""
    settings.VAR = tmp_path / "var"
    started = Machinery(shop_ports=shops)
    started.start_workers()
    yield started
    started.stop()


@pytest.fixture
def team(cast: Cast, shops: dict[str, int], upstream: Path, machinery: Machinery, settings) -> Cast:  # noqa: ANN001
    """The cast with a connected repository and main running everywhere as candidate 0."""
    settings.SHOP_PORTS = shops
    create_environments(cast.product)
    repositories.connect(cast.product, str(upstream), by=cast.ops)
    main = eventually(lambda: Branch.objects.filter(name="main").first(), "the first poll")
    adopted = candidates.adopt(cast.product, sha=main.sha, by=cast.ops)
    for environment in Environment.objects.all():
        deployments.request(environment, adopted, by=cast.ops, reason="First deployment")
    everywhere = Environment.objects.all()
    eventually(lambda: all(running.current(e) for e in everywhere), "main on every environment")
    return cast
