"""A review of twenty ideas with three people at once, each at a screen of their own that follows by itself.

Twelve ballots each are cast before the meeting, one idea is voted on twice, one decision is undone; in the end the
minutes are out, the voters are told, and the plan is one button away.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ideas import services
from ideas.models import AgendaItem, Area, Decision, Idea, ReviewSession
from lifecycle.models import Notification
from tests.asking import shown
from tests.browser.look import of_page
from tests.browser.person import PATIENCE_MS, PHONE, Person, Screenshot, seated
from tests.cast import Cast
from tests.machinery import Machinery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.browser]
IDEAS, BEFORE = 22, 12
SPLIT, UNDONE = "Wish 03", "Wish 05"


@pytest.fixture
def agenda(transactional_db: None, cast: Cast) -> list[Idea]:
    """Twenty-two triaged wishes: twenty fit into the meeting."""
    area = Area.objects.create(product=cast.product, name="Checkout")
    found = []
    for number in range(1, IDEAS + 1):
        idea = services.submit(product=cast.product, author=cast.cleo, title=f"Wish {number:02}", body="Please.")
        urgency, importance = 5 - number // 6, 5 - number // 12
        services.triage(
            idea, by=cast.petra, kind="feature", area=area, urgency=urgency, importance=importance, complexity=2
        )
        found.append(idea)
    return found


@pytest.fixture
def board(
    agenda: list[Idea],
    browser: Browser,
    shops: dict[str, int],
    settings,
    tmp_path: Path,  # noqa: ANN001
) -> Iterator[dict[str, Person]]:
    """Petra and Lena at desks, Ops on a phone, Cleo at home, Tess beside them: one address, five browsers."""
    settings.VAR = tmp_path / "var"
    machinery = Machinery(shop_ports=shops, demo=True)
    try:
        address = machinery.start_web()
        shown(f"{address}/healthz")
        with ExitStack() as seats:
            people = {name: seats.enter_context(seated(browser, address, name)) for name in ("Petra", "Lena", "Tess")}
            yield people | {"Ops": seats.enter_context(seated(browser, address, "Ops", viewport=PHONE, has_touch=True))}
    finally:
        machinery.stop()


def test_three_people_review_twenty_ideas_and_end_at_the_plan(
    board: dict[str, Person], agenda: list[Idea], screenshot: Screenshot
) -> None:
    petra, lena, ops = board["Petra"], board["Lena"], board["Ops"]
    petra.visit("/review/").press("Let the agenda stand now")
    petra.sees("The agenda stands")
    petra.sees("2 ideas below the cut")
    for person in (lena, petra, ops):
        votes_before_the_meeting(person)
    look(petra.visit("/review/"), screenshot, "review-1-before")
    petra.press("Open the review")
    reveals_what_is_complete(board, screenshot)
    votes_once_more(board, screenshot)
    decides_together(board)
    undoes_one(petra)
    votes_on_the_rest(board, screenshot)
    closes(board, screenshot)
    assert Decision.objects.filter(undone_at=None).count() == 20
    assert set(AgendaItem.objects.exclude(status="decided").values_list("idea__title", flat=True)) == {
        "Wish 21",
        "Wish 22",
        UNDONE,
    }


def casts(person: Person, choice: str) -> None:
    """Fill in the ballot that is open and send it."""
    person.choose("Urgency", "4")
    person.choose("Importance", "4")
    if person.name == "Lena":
        person.choose("Complexity", "1")
    person.choose("Take it?", choice)
    with person.page.expect_navigation():
        person.press("Cast secret ballot")


def votes_before_the_meeting(person: Person) -> None:
    """One ballot leads to the next; Ops are against one wish."""
    person.visit("/review/").follow(re.compile("^Cast your ballots?,"))
    for _ballot in range(BEFORE):
        title = person.page.locator("#sj-h").inner_text()
        casts(person, "No" if (person.name, title) == ("Ops", SPLIT) else "Take it")


def reveals_what_is_complete(board: dict[str, Person], screenshot: Screenshot) -> None:
    """All complete ones are opened together; on the others' screens they appear by themselves."""
    petra, lena, ops = board["Petra"], board["Lena"], board["Ops"]
    for person in (lena, ops):
        person.visit("/review/").sees_headline("3 of 3 ballots are in")
    look(petra, screenshot, "review-2-voting")
    petra.press(f"Reveal all {BEFORE} that are complete")
    for person in (petra, lena, ops):
        person.sees_headline("2 of 3 say yes")
        expect(person.page.locator("#sj-h")).to_have_text(SPLIT)
    look(petra, screenshot, "review-3-revealed")
    look(ops, screenshot, "review-3-revealed-phone")


def votes_once_more(board: dict[str, Person], screenshot: Screenshot) -> None:
    """The split one has a second round; a reason that is half typed survives what others do meanwhile."""
    petra, lena, ops, tess = board["Petra"], board["Lena"], board["Ops"], board["Tess"]
    petra.press("Vote again")
    for person in (lena, ops, petra):
        person.sees_headline(re.compile("of 3 ballots are in"))
        person.follow("Cast your ballot")
        casts(person, "Take it")
    look(lena.visit("/review/"), screenshot, "review-4-second-round")
    petra.visit("/review/").press("Reveal the ballots")
    petra.sees_headline("All say yes")
    reason = petra.page.get_by_label(re.compile("^Reason,"))
    reason.press_sequentially("They were right ")
    tess.visit("/review/").press("I am here")
    expect(petra.page.locator(".there").get_by_text("Tess")).to_be_visible(timeout=PATIENCE_MS)
    expect(reason).to_have_value("They were right ")
    expect(reason).to_be_focused()
    petra.page.keyboard.type("to look twice.")
    petra.press("Accept")
    petra.sees(re.compile("Into the queue"))
    assert Decision.objects.get().reason == "They were right to look twice."


def decides_together(board: dict[str, Person]) -> None:
    petra = board["Petra"]
    petra.fill("One reason for all of them", "Everybody wants it and nobody doubts it.")
    petra.press(re.compile("^Put these 11 into the queue"))
    board["Lena"].sees_headline("0 of 3 ballots are in")
    assert Decision.objects.count() == BEFORE
    assert not Idea.objects.filter(status="accepted").exists(), "nothing happens before the close"


def undoes_one(petra: Person) -> None:
    petra.press(f"Undo the decision on “{UNDONE}”")
    petra.sees("is taken back; nobody was told of it")
    expect(petra.page.locator("#sj-h")).to_have_text(UNDONE)
    petra.page.get_by_label(re.compile("^Reason,")).fill("After all not before spring.")
    petra.press(re.compile("^Later"))
    petra.sees_headline("0 of 3 ballots are in")


def votes_on_the_rest(board: dict[str, Person], screenshot: Screenshot) -> None:
    """One idea is voted on, opened and decided with everybody there; the other seven are opened together."""
    petra = board["Petra"]
    for person in (board["Lena"], petra, board["Ops"]):
        person.visit("/review/").follow("Cast your ballot")
        look(person, screenshot, "review-5-ballot-phone") if person.name == "Ops" else None
        casts(person, "Later")
    petra.press("Reveal the ballots")
    petra.sees_headline("All say later")
    petra.page.get_by_label(re.compile("^Reason,")).fill("Too few ask for it.")
    petra.page.get_by_text("Later: when does it come back?").click()
    petra.fill("With so many votes", "30")
    petra.press(re.compile("^Later"))
    for person in (board["Lena"], board["Ops"], petra):
        for item in AgendaItem.objects.filter(session__status="open", is_extra=False).exclude(status="decided"):
            person.visit(f"/review/{item.session.week.lower()}/{item.pk}/ballot/")
            casts(person, "No")
    petra.visit("/review/").press("Reveal all 7 that are complete")
    petra.fill("One reason for all of them", "Nobody on the board wants it.")
    petra.press(re.compile("^Decline these 7 together"))
    petra.sees_headline("Everything on the agenda is decided")
    look(petra, screenshot, "review-6-decided")


def closes(board: dict[str, Person], screenshot: Screenshot) -> None:
    """The minutes open by themselves on everybody's screen; voters are told once, and the plan is one button away."""
    petra, lena = board["Petra"], board["Lena"]
    lena.visit("/review/").sees_headline("Everything on the agenda is decided")
    assert not Notification.objects.filter(event="idea.decided").exists()
    petra.press("Close the review")
    for person in (petra, lena):
        person.sees_headline(re.compile("^11 ideas accepted"))
    look(petra, screenshot, "review-7-minutes")
    assert ReviewSession.objects.get(status="closed").published_at
    told = Notification.objects.filter(event="idea.decided", channel="email", user__name="Cleo")
    assert told.count() == 20
    petra.sees("1 person heard of a decision, with its reason.")
    plan = petra.page.get_by_role("link", name="Plan a release from the top")
    plan.or_(petra.page.get_by_role("button", name="Plan a release from the top")).click()
    petra.page.wait_for_url("**/releases/**")
    expect(petra.page.get_by_text("Wish 01").first).to_be_visible()


def look(person: Person, screenshot: Screenshot, name: str) -> None:
    """Keep a picture; the page must be without complaint at every size and in both themes."""
    screenshot(person.page, name)
    assert of_page(person.page) == [], name
