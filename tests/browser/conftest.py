"""Fixtures of the browser tests: one Chromium for the run, a page per person, screenshots under var/screens/."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.person import Screenshot
from tests.machinery import Machinery

SCREENS = Path(os.environ.get("LIFECYCLE_SCREENS", "var/screens"))


@pytest.fixture(scope="session", autouse=True)
def async_is_allowed() -> Iterator[None]:
    """Playwright's loop runs in this thread, which Django would take for an async view."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium; without one the tests are skipped, except in CI, where that is a failure."""
    path = chromium.find()
    if path is None:
        reason = "no Chromium found: install Debian's `chromium`, or name one in CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=chromium.OPTIONS)
        yield started
        started.close()


@pytest.fixture
def screenshot() -> Screenshot:
    """`screenshot(page, "01-idea")` keeps a picture under var/screens/."""
    SCREENS.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> Path:
        path = SCREENS / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return keep


@pytest.fixture
def machinery(browser: Browser, transactional_db: None, shops, settings, tmp_path: Path) -> Iterator[Machinery]:  # noqa: ANN001
    """The real machinery in demo mode: one-click sign-in, and visitors in the production shop."""
    settings.VAR = tmp_path / "var"
    started = Machinery(shop_ports=shops, demo=True)
    started.start_workers()
    yield started
    started.stop()
