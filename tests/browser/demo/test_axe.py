"""Every screen, light and dark, on desk and phone: axe finds nothing, nothing sticks out, the console is silent."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.browser import look
from tests.browser.demo.stack import DemoStack
from tests.browser.person import DESKTOP, Person, seated
from tests.browser.screens import SCREENS, fill_in

pytestmark = [pytest.mark.slow, pytest.mark.browser]
REFUSED = "Failed to load resource: the server responded with a status of 40"
Cached = Callable[[str], Person]


@pytest.fixture(scope="module")
def sitting(browser: Browser, told: DemoStack) -> Iterator[Cached]:
    """`sitting("Petra")` is always the same page of Petra's."""
    prove(browser, told)
    people: dict[str, Person] = {}
    with ExitStack() as seats:

        def find(name: str) -> Person:
            if name not in people:
                people[name] = seats.enter_context(seated(browser, told.url, name))
            return people[name]

        yield find


@pytest.mark.parametrize(("name", "path"), SCREENS)
def test_everybody_can_use(name: str, path: str, sitting: Cached, told: DemoStack) -> None:
    person = sitting(name)
    open_afresh(person, fill_in(path, told))
    person.problems = [line for line in person.problems if not line.startswith(REFUSED)]
    assert not look.everywhere(person)


def prove(browser: Browser, told: DemoStack) -> None:
    """End the watch of 26.10 early, so that its voters are asked; Ops decide if the visitors were too few."""
    told.end_the_watch()
    if not told.ask("SELECT count(*) FROM releases_survey"):
        with seated(browser, told.url, "Ops") as ops:
            ops.visit("/releases/26.10/watch/").fill("Why is it well?", "Few visitors, no fault.")
            ops.press("Accept 26.10")
            ops.sees_headline(re.compile("."))
    assert told.ask("SELECT count(*) FROM releases_survey")


def open_afresh(person: Person, path: str) -> None:
    person.problems.clear()
    person.page.set_viewport_size(DESKTOP)
    person.page.emulate_media(color_scheme="light")
    person.visit(path)


DIALOGS = [
    ("Cleo", "/ideas/", "Share an idea"),
    ("Petra", "/inbox/", "Find"),
    ("Lena", "/environments/", "Roll back to"),
]


@pytest.mark.parametrize(("name", "path", "link"), DIALOGS)
def test_everybody_can_use_the_dialog(name: str, path: str, link: str, sitting: Cached) -> None:
    person = sitting(name)
    open_afresh(person, path)
    person.follow(link)
    assert person.dialog().is_visible()
    assert not look.everywhere(person)
