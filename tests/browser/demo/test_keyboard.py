"""The keyboard alone: find, go, the way to a mistake, and out of a dialog."""

import pytest
from playwright.sync_api import expect

from tests.browser.demo.stack import DemoStack, Seat
from tests.browser.screens import fill_in

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def test_slash_finds_an_idea_by_its_number(seat: Seat, told: DemoStack) -> None:
    page = seat("Petra").visit("/inbox/").page
    number = fill_in("{new}", told)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find a page, an idea or a change")).to_be_focused()
    page.keyboard.type(number)
    expect(page.get_by_role("dialog").get_by_role("link").first).to_have_attribute("href", f"/ideas/{number}/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/ideas/{number}/**")


def test_g_then_i_goes_to_the_inbox(seat: Seat) -> None:
    page = seat("Petra").visit("/queue/").page
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/inbox/")


def test_a_letter_in_a_field_is_only_a_letter(seat: Seat) -> None:
    page = seat("Petra").visit("/ideas/").page
    page.get_by_role("searchbox", name="Search ideas").focus()
    page.keyboard.type("g/i")
    expect(page.get_by_role("searchbox", name="Search ideas")).to_have_value("g/i")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_whoever_switched_the_keys_off_is_left_alone(seat: Seat) -> None:
    petra = seat("Petra")
    petra.visit("/inbox/").page.get_by_label("Account of Petra").click()
    petra.press("Without single-key shortcuts")
    petra.page.wait_for_load_state()
    petra.page.keyboard.press("/")
    expect(petra.page.get_by_role("dialog")).to_have_count(0)


def test_the_focus_goes_to_the_summary_of_mistakes(seat: Seat) -> None:
    cleo = seat("Cleo")
    cleo.visit("/ideas/").follow("Share an idea")
    cleo.press("Send idea", within=cleo.dialog())
    summary = cleo.dialog().get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(cleo.dialog().get_by_label("What should we do?")).to_be_focused()


def test_escape_closes_the_dialog_and_gives_the_focus_back(seat: Seat) -> None:
    cleo = seat("Cleo")
    link = cleo.visit("/ideas/").page.get_by_role("link", name="Share an idea")
    link.focus()
    cleo.page.keyboard.press("Enter")
    expect(cleo.dialog()).to_be_visible()
    cleo.page.keyboard.press("Escape")
    expect(cleo.dialog()).to_have_count(0)
    expect(link).to_be_focused()


def test_j_and_k_walk_the_requests(seat: Seat) -> None:
    page = seat("Petra").visit("/triage/").page
    rows = page.get_by_role("region", name="Waiting, oldest first").get_by_role("link")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()


def test_alt_with_an_arrow_opens_the_form_for_the_next_place(seat: Seat) -> None:
    petra = seat("Petra")
    page = petra.visit("/queue/").page
    first, second = page.locator("[data-place]").nth(0), page.locator("[data-place]").nth(1)
    page.keyboard.press("j")
    expect(first.get_by_role("heading").get_by_role("link")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(petra.dialog().get_by_label("Where to?")).to_have_value(second.get_attribute("data-number") or "")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+ArrowUp")
    expect(petra.dialog()).to_have_count(0)


def test_alt_with_an_arrow_moves_nothing_for_whoever_switched_the_keys_off(seat: Seat) -> None:
    petra = seat("Petra")
    petra.visit("/queue/").page.get_by_label("Account of Petra").click()
    petra.press("Without single-key shortcuts")
    petra.page.wait_for_load_state()
    petra.page.locator("[data-place]").nth(0).get_by_role("heading").get_by_role("link").focus()
    petra.page.keyboard.press("Alt+ArrowDown")
    expect(petra.dialog()).to_have_count(0)


def test_a_row_that_is_dragged_opens_that_form_and_says_where_it_is(seat: Seat) -> None:
    petra = seat("Petra")
    page = petra.visit("/queue/").page
    grip, top = page.locator("[data-grip]").nth(1), page.locator("[data-place]").nth(0)
    grip.hover()
    page.mouse.down()
    box = top.bounding_box() or {}
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + 4, steps=8)
    expect(page.get_by_role("status").filter(has_text="Place 1")).to_have_count(1)
    page.mouse.up()
    expect(petra.dialog().get_by_label("Where to?")).to_have_value("top")
