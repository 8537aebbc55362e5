"""The told demo, which all tests of this folder share, and which ends with the last of them."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.browser.demo.stack import DemoStack, Seat
from tests.browser.person import seated


@pytest.fixture(scope="package")
def told(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoStack]:
    """`make run` on a folder of its own with the whole story told: for tests that look more than they change."""
    stack = DemoStack(tmp_path_factory.mktemp("demo"))
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def seat(browser: Browser, told: DemoStack) -> Iterator[Seat]:
    """`seat("Petra", java_script_enabled=False)` is Petra in the told demo, at a browser of her own."""
    with ExitStack() as seats:
        yield lambda name, **options: seats.enter_context(seated(browser, told.url, name, **options))
