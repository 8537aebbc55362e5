"""JavaScript is off: links and forms do the whole work."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.demo.stack import DemoStack, Seat
from tests.browser.person import Person
from tests.browser.screens import fill_in
from tests.browser.walk import go_through

pytestmark = [pytest.mark.slow, pytest.mark.browser]
PLAIN = {"java_script_enabled": False}


def send(person: Person, button: str | re.Pattern[str]) -> int:
    """Press a button of a form and return the status of the page that answers."""
    with person.page.expect_response(lambda response: response.request.is_navigation_request()) as answer:
        person.press(button)
    return int(answer.value.status)


def test_a_vote_is_a_form(seat: Seat, told: DemoStack) -> None:
    carl = seat("Carl", **PLAIN).visit(fill_in("/ideas/{declined}/", told))
    vote = carl.page.get_by_role("button", name=re.compile("^Vote for"))
    before = vote.get_attribute("aria-pressed")
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "false" if before == "true" else "true")


def test_an_idea_without_words_is_refused_and_nothing_is_lost(seat: Seat) -> None:
    cleo = seat("Cleo", **PLAIN)
    cleo.visit("/ideas/").follow("Share an idea")
    cleo.fill("Why does it matter to you?", "Because I like it.")
    assert send(cleo, "Send idea") == 422
    expect(cleo.page.get_by_role("alert")).to_contain_text("Say in one sentence what we should do.")
    expect(cleo.page.get_by_label("Why does it matter to you?")).to_have_value("Because I like it.")
    cleo.fill("What should we do?", "Show the opening hours on the first page")
    cleo.press("Send idea")
    cleo.sees("Thank you, your idea is in.")


def test_triage_accepts_with_plain_radio_buttons(seat: Seat) -> None:
    petra = seat("Petra", **PLAIN).visit("/triage/")
    for scale in ("Urgency", "Importance", "Complexity"):
        petra.choose(scale, "3")
    petra.fill("New area", "Service")
    petra.press("Accept")
    petra.sees("is on the next review's agenda")


def test_a_request_is_declined_on_a_page_of_its_own(seat: Seat) -> None:
    petra = seat("Petra", **PLAIN).visit("/triage/")
    petra.follow("Decline")
    assert send(petra, "Decline and send the reason") == 422
    petra.fill("Reason", "It does not fit our shop.")
    petra.press("Decline and send the reason")
    petra.sees("is declined")


def test_promotion_has_a_page_of_its_own_that_says_when_nothing_is_ready(seat: Seat) -> None:
    lena = seat("Lena", **PLAIN).visit("/environments/promote/")
    lena.sees("Nothing is ready for staging")
    lena.follow("Leave staging as it is")
    lena.page.wait_for_url("**/environments/")


def test_a_rollback_is_asked_on_a_page_of_its_own_and_needs_a_reason(seat: Seat) -> None:
    ops = seat("Ops", **PLAIN)
    ops.visit("/environments/").follow(re.compile("^Roll back to.*, Production"))
    ops.page.wait_for_url("**/environments/production/roll-back/")
    ops.page.get_by_role("textbox").fill("   ")
    assert send(ops, "Roll back now") == 422
    ops.sees("There is a problem")


def test_the_last_yes_ships(seat: Seat) -> None:
    boss, petra = seat("Max", **PLAIN), seat("Petra", **PLAIN)
    go_through(seat("Tess", **PLAIN), "26.11")
    for audience in (boss, petra):
        audience.visit("/releases/26.11/demo/").press("Yes, this may go")
    boss.visit("/releases/26.11/approve/")
    assert send(boss, "Hold 26.11") == 422, "a no needs words"
    boss.visit("/releases/26.11/approve/").press("Approve 26.11")
    boss.sees("Your answer is written down.")
    boss.waits_for(lambda page: page.get_by_role("link", name="Open the watch"))
