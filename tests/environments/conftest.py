"""A product with a real upstream repository."""

from pathlib import Path

import pytest

from tests.environments.git_calls import Calls
from tests.environments.hostile import SECRET
from tests.environments.repositories import Upstream


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "upstream")


@pytest.fixture
def address(upstream: Upstream, settings, tmp_path: Path) -> str:
    """The upstream's address; mirrors go to a folder of this test."""
    settings.VAR = tmp_path / "var"
    return f"file://{upstream.path}"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


@pytest.fixture
def canary(tmp_path: Path, settings) -> Path:
    settings.VAR = tmp_path / "var"
    (tmp_path / "secret").write_text(SECRET)
    return tmp_path / "canary"
