"""One repository of the shop for all these tests."""

from pathlib import Path

import pytest

from sample_shop.build import build


@pytest.fixture(scope="session")
def shop_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("shop") / "shop.git"
    build(target)
    return target
