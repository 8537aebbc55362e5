"""In a real browser: from the manager's click on the approval to the first line of the worker on the page."""

import re
import time

import pytest
from playwright.sync_api import Browser

from deployments import services
from deployments.models import Deployment
from tests.bench import waiting
from tests.bench.paper_release import frozen_release
from tests.bench.test_engine import Engine, engine  # noqa: F401  (a fixture)
from tests.browser.conftest import async_is_allowed, browser, machinery  # noqa: F401  (fixtures)
from tests.browser.person import seated
from tests.machinery import Machinery, eventually

ROUNDS, PAGE_SECONDS = 10, 0.5
FIRST_LINE = re.compile(r"^Attempt 1:")


@pytest.mark.django_db(transaction=True)
def test_the_first_line_is_on_the_page_half_a_second_after_the_click(
    machinery: Machinery,  # noqa: F811
    browser: Browser,  # noqa: F811
    engine: Engine,  # noqa: F811
    capsys,  # noqa: ANN001
) -> None:
    address = machinery.start_web()
    eventually(lambda: waiting.is_up(address), "the web server")
    seconds = []
    with seated(browser, address, "Max") as boss:
        for number in range(1, ROUNDS + 1):
            release = frozen_release(engine.cast, engine.change(number), f"31.{number}")
            staging = engine.place("staging")
            engine.wait_for(services.request(staging, release.candidate, by=engine.cast.ops, release=release))
            boss.visit(f"/releases/{release.version}/approve/")
            clicked = time.monotonic()
            boss.press(f"Approve {release.version}")
            boss.page.get_by_role("log").get_by_text(FIRST_LINE).first.wait_for()
            seconds.append(time.monotonic() - clicked)
            engine.wait_for(Deployment.objects.get(release=release, environment__kind="production"))
    with capsys.disabled():
        print("\n" + waiting.report("approve → first line on the page", seconds, p50_limit=PAGE_SECONDS))
    assert waiting.p50(seconds) <= PAGE_SECONDS
