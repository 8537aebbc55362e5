"""The engine's workshop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle.models import Product
from tests.cast import assemble
from tests.deployments.engine import Shop, make_upstream
from tests.deployments.output import Log


@pytest.fixture
def engine(transactional_db: None, settings, tmp_path: Path) -> Iterator[Shop]:
    """A product with repository, three environments and a running keeper; real commits to the database."""
    settings.VAR = tmp_path / "var"
    product = Product.objects.create(name="Northwind shop", slug="shop", is_default=True, watch_minutes=2)
    shop = Shop(assemble(product), make_upstream(tmp_path / "upstream"), settings.VAR)
    shop.kept.start()
    yield shop
    shop.kept.end()


@pytest.fixture
def log() -> Log:
    return Log()
