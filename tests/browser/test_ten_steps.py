"""One idea travels the whole way in the browser: the cast signs in and clicks, everything behind it is real.

tests/test_ten_steps.py is the same walk over services. Pictures of every step are kept under var/screens/.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from deployments.models import Rehearsal, Watch
from environments.models import Branch, Environment
from ideas.models import Idea
from releases.models import Release
from tests.asking import shown
from tests.browser.person import PHONE, SLOW_WORK_MS, Screenshot, seated
from tests.browser.walk import HELLO, Walk, go_through, is_on, offer_and_promote, shop, the_change
from tests.cast import Cast
from tests.git_clone import Clone
from tests.machinery import Machinery, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.browser]
BRANCH, VERSION = "idea/hello", "26.12"
TITLE, SAME = "Greet people on the first page", "Say hello when I open the shop"


@pytest.fixture
def walk(
    team: Cast, machinery: Machinery, browser: Browser, upstream: Path, tmp_path: Path, screenshot: Screenshot
) -> Iterator[Walk]:
    address = machinery.start_web()
    shown(f"{address}/healthz")
    names = ("Cleo", "Carl", "Petra", "Lena", "Dev", "Tess", "Max", "Ops")
    with ExitStack() as seats:
        people = {name.lower(): seats.enter_context(seated(browser, address, name)) for name in names}
        phone = seats.enter_context(seated(browser, address, "Max", viewport=PHONE, has_touch=True))
        yield Walk(people, phone, Clone(upstream, tmp_path / "clone"), screenshot)


def test_one_idea_travels_the_whole_way_in_the_browser(walk: Walk) -> None:
    share_and_join(walk)
    merge_and_triage(walk)
    review(walk)
    plan(walk)
    build_on_dev(walk)
    return_from_staging(walk)
    approve_on_staging(walk)
    freeze_and_show(walk)
    approve_on_the_phone(walk)
    watch(walk)
    answer_the_survey(walk)
    roll_back(walk)


def share_and_join(walk: Walk) -> None:
    """1: Cleo shares; Carl sees it while he types and joins in place, then says the same in other words."""
    cleo, carl = walk.cleo, walk.carl
    cleo.visit("/ideas/").follow("Share an idea")
    cleo.fill("What should we do?", TITLE, within=cleo.dialog())
    cleo.fill("Why does it matter to you?", "A shop that greets feels friendly.", within=cleo.dialog())
    cleo.press("Send idea", within=cleo.dialog())
    cleo.sees("Thank you, your idea is in")

    carl.visit("/ideas/new/").page.get_by_label("What should we do?").press_sequentially("Greet the people", delay=20)
    carl.press(re.compile("Me too: vote for .Greet people"))
    carl.sees("Your vote counts")
    walk.picture(carl, "01-share")
    carl.fill("What should we do?", SAME)
    carl.press("Send idea")
    carl.follow(re.compile("See idea"))
    expect(carl.page.get_by_role("list").get_by_text("Feedback")).to_be_visible()
    walk.picture(carl, "02-idea")


def merge_and_triage(walk: Walk) -> None:
    """1: Petra merges Carl's words into Cleo's idea and takes it to the review."""
    petra = walk.petra
    petra.visit("/triage/").follow(SAME)
    petra.fill("Merge into another idea: words or a number", "Greet people")
    petra.press("Look for it")
    petra.follow(re.compile("^Merge into"))
    walk.picture(petra, "03-merge")
    petra.press(re.compile("^Merge into"))
    petra.sees("is now part of")
    petra.sees_headline(re.compile("."))
    petra.follow(TITLE)
    for scale, value in (("Urgency", "2"), ("Importance", "4"), ("Complexity", "1")):
        petra.choose(scale, value)
    petra.fill("New area", "Catalogue")
    walk.picture(petra, "04-triage")
    petra.press("Accept")
    petra.sees("is on the next review's agenda")
    assert Idea.objects.get(title=TITLE).votes == 2, "who joined and then said the same is counted once"


def review(walk: Walk) -> None:
    """2: three secret ballots, opened together, and a decision with its reason."""
    petra = walk.petra
    petra.visit("/review/").press("Open the review")
    for voter in (walk.lena, petra, walk.ops):
        voter.visit("/review/").follow("Cast your ballot")
        for scale, value in (("Urgency", "2"), ("Importance", "4")):
            voter.choose(scale, value)
        if voter is walk.lena:
            voter.choose("Complexity", "1")
        voter.choose("Take it?", "Take it")
        if voter is petra:
            walk.picture(voter, "05-ballot")
        voter.press("Cast secret ballot")
        voter.sees("Your ballot is cast")
    walk.picture(walk.ops, "05-voting")
    petra.visit("/review/").press("Reveal the ballots")
    petra.sees_headline("All say yes")
    petra.press("Accept")
    petra.sees("There is a problem")
    petra.choose("Size in points", "1")
    petra.fill("Reason,", "Small and friendly.")
    walk.picture(petra, "06-decide")
    petra.press("Accept")
    petra.sees_headline("Everything on the agenda is decided")
    petra.press("Close the review")


def plan(walk: Walk) -> None:
    """3: Petra plans a release of what the queue holds and publishes it; Lena says who builds it."""
    petra, lena = walk.petra, walk.lena
    petra.visit("/releases/").follow("Plan a release")
    petra.page.get_by_role("checkbox", name=re.compile(TITLE)).check()
    petra.fill("Version", VERSION)
    petra.fill("Goal", "A friendlier shop")
    petra.press("Make the plan")
    petra.press(f"Publish {VERSION}")
    walk.picture(petra, "07-plan")
    lena.visit(f"/releases/{VERSION}/").page.get_by_text(f"Who builds {the_change().key}").click()
    lena.page.get_by_label("Who builds it").select_option("Dev")
    lena.press(f"Save what {the_change().key} is")
    expect(lena.page.get_by_role("img", name="Dev").first).to_be_visible()


def build_on_dev(walk: Walk) -> None:
    """4 and 5: a push is seen, tested by a worker and deployed to dev, and nowhere else."""
    dev = walk.dev
    walk.clone.replace("shop/templates/base.html", "</footer>", f"<p>{HELLO}</p></footer>")
    walk.clone.push("base: Greet people.", BRANCH)
    eventually(lambda: Branch.objects.filter(name=BRANCH).exists(), "the push to be seen")
    dev.visit(f"/changes/{the_change().number}/").page.get_by_text("Another branch").click()
    dev.page.get_by_role("combobox", name="Branch").fill(BRANCH)
    dev.press("Link this branch")
    eventually(lambda: HELLO in shop("dev"), "the push on dev")
    assert HELLO not in shop("staging")
    dev.visit(Environment.objects.get(slug="dev").url).sees(HELLO)
    walk.picture(dev, "08-dev-shop")
    walk.picture(dev.visit("/environments/"), "09-board")


def return_from_staging(walk: Walk) -> None:
    """6: Tess returns the change, which needs a reason, and it is back in development."""
    tess, key = walk.tess, the_change().key
    offer_and_promote(walk)
    tess.visit("/testing/").follow("Return")
    tess.press(f"Return {key}", within=tess.dialog())
    tess.sees("There is a problem")
    tess.sees("Say what you saw: the developer reads these words.")
    tess.fill("What did you see?", "The greeting needs a full stop.")
    walk.picture(tess, "10-return")
    tess.press(f"Return {key}")
    tess.sees(f"{key} is back in development")
    walk.dev.visit("/my-changes/").sees("The greeting needs a full stop.")
    walk.picture(walk.dev, "11-returned")


def approve_on_staging(walk: Walk) -> None:
    """6: the rework is pushed and tested, promoted, tried step by step and approved."""
    tess, key = walk.tess, the_change().key
    walk.clone.replace("shop/templates/base.html", HELLO, f"{HELLO}.")
    tip = walk.clone.push("base: End the greeting.", BRANCH)
    eventually(lambda: the_change().revision.tip == tip, "the rework to be seen")
    offer_and_promote(walk)
    tess.visit("/testing/")
    for step in tess.page.get_by_role("group", name="Steps tried").get_by_role("checkbox").all():
        step.check()
    walk.picture(tess, "12-testing")
    tess.press(f"Approve {key}")
    tess.sees(f"You approved {key}")


def is_rehearsed(release: Release) -> bool:
    return release.rehearsals.filter(status=Rehearsal.Status.SUCCEEDED).exists()


def freeze_and_show(walk: Walk) -> None:
    """7: frozen, tested together and shown; the cockpit names what is missing until both audiences said yes."""
    walk.petra.visit(f"/releases/{VERSION}/").press(f"Freeze {VERSION}")
    release = Release.objects.get(version=VERSION)
    staging = Environment.objects.get(slug="staging")
    eventually(lambda: is_on(staging, release), "the candidate on staging")
    eventually(lambda: is_rehearsed(release), "the rehearsal")
    go_through(walk.tess, VERSION)
    walk.picture(walk.tess, "12-together")
    boss = walk.max
    boss.visit(f"/releases/{VERSION}/cockpit/").sees("3 gates are shut")
    expect(boss.page.get_by_role("button", name=f"Release {VERSION}")).to_have_attribute("aria-disabled", "true")
    walk.picture(boss, "13-cockpit")
    for who, words in ((boss, "Good"), (walk.petra, "Nice")):
        who.visit(f"/releases/{VERSION}/demo/").waits_for(lambda page: page.get_by_label("In their words"))
        who.fill("In their words", words)
        who.press("Yes, this may go")
        who.sees(words)
    walk.picture(walk.petra, "14-demo")


def approve_on_the_phone(walk: Walk) -> None:
    """8: Max says yes on his phone; a worker ships it, and its log runs on the page."""
    phone = walk.phone
    phone.visit("/inbox/").follow("Read and answer")
    phone.sees_headline(re.compile("."))
    walk.picture(phone, "15-approve-phone")
    phone.press(f"Approve {VERSION}")
    phone.sees("Your answer is written down.")
    expect(phone.page.get_by_role("log").get_by_role("paragraph").first).to_be_visible()
    walk.picture(phone, "16-deployment-phone")
    watch_link = phone.page.get_by_role("link", name="Open the watch")
    expect(watch_link).to_be_visible(timeout=SLOW_WORK_MS)
    walk.picture(phone, "17-deployed-phone")
    walk.ops.visit(Environment.objects.get(slug="production").url).sees(f"{HELLO}.")
    walk.picture(walk.ops, "18-production-shop")


def watch(walk: Walk) -> None:
    """9: the watch opened by itself and sees visitors; here it is ended early, in the demo after five minutes."""
    ops = walk.ops
    opened = eventually(Watch.objects.first, "the watch")
    ops.visit(f"/releases/{VERSION}/watch/").sees("What it found")
    eventually(lambda: opened.samples.count() >= 2, "two samples")
    walk.picture(ops, "19-watch")
    Watch.objects.filter(pk=opened.pk).update(closes_at=timezone.now())
    eventually(lambda: Watch.objects.get().status != Watch.Status.OPEN, "the watch to close")
    ops.visit(f"/watch/{opened.pk}/")
    if Watch.objects.get().status in {Watch.Status.INCONCLUSIVE, Watch.Status.BLIND}:
        ops.fill("Why is it well?", "Few visitors, no fault.")
        ops.press(f"Accept {VERSION}")
    eventually(lambda: Release.objects.get(version=VERSION).status == Release.Status.DONE, "the release to be proven")
    walk.picture(ops.visit(f"/watch/{opened.pk}/"), "20-watch-closed")


def answer_the_survey(walk: Walk) -> None:
    """10: Cleo is asked and says no; her words stand on the next review's agenda."""
    cleo, petra = walk.cleo, walk.petra
    cleo.visit("/inbox/").follow("Say if it helps")
    cleo.choose("Does it solve it for you?", "No")
    cleo.fill("What is still missing?", "Greet me by name.")
    walk.picture(cleo, "21-feedback")
    cleo.press("Send my answer")
    cleo.sees("Saved, thank you.")
    petra.visit("/review/").sees("Greet me by name.")
    walk.picture(petra, "22-agenda")


def roll_back(walk: Walk) -> None:
    """And back: one button takes it off production; the journey says so."""
    ops, cleo = walk.ops, walk.cleo
    ops.visit("/environments/").follow(re.compile("^Roll back to.*, Production"))
    ops.fill("Reason, for the record", "Too friendly", within=ops.dialog())
    walk.picture(ops, "23-roll-back")
    ops.press("Roll back now", within=ops.dialog())
    ops.sees_headline(re.compile("Production", re.IGNORECASE))
    eventually(lambda: HELLO not in shop("production"), "the rollback")
    eventually(lambda: Release.objects.get().status == Release.Status.ROLLED_BACK, "the release to be taken back")
    ops.visit(Environment.objects.get(slug="production").url).sees_not(HELLO)
    cleo.visit(f"/ideas/{Idea.objects.get(title=TITLE).number}/").sees(re.compile("taken back"))
    walk.picture(cleo, "24-taken-back")
