"""Release notes: drafted with the freeze, in people's words, published when proven, withdrawn when taken back."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from ideas.models import Idea
from lifecycle.events import Machine
from lifecycle.models import Event
from lifecycle.transitions import NotAllowed
from releases import notes, plan
from releases.models import Change, Demo, DemoAnswer, Invitation, NoteLine, Release
from releases.notes import Words
from releases.waiting import waiting_for

WORKER = Machine("worker")
PAGE, API = "/releases/24.11/notes/", "/api/v1/products/shop/releases/24.11/notes/"


def titles(release: Release) -> list[str]:
    return [line.title for line in notes.lines_of(notes.get(release))]


def words(release: Release, **other: object) -> list[Words]:
    """The lines as they are, with `other` for the first one."""
    lines = notes.lines_of(notes.get(release))
    kept = [Words(line.change.number, line.position, line.title, line.text, line.is_hidden) for line in lines]
    return [Words(**{**kept[0].__dict__, **other}), *kept[1:]]


def news(client) -> str:
    return client.get("/whats-new/").content.decode()


def test_there_are_none_before_the_freeze(plan_of):
    with pytest.raises(NotAllowed, match="when the release is frozen"):
        notes.get(plan_of("Keep a wishlist"))


def test_the_freeze_drafts_a_line_per_change_the_most_wanted_first(cast, tested):
    release = tested("Keep a wishlist", "Wrap gifts")
    Idea.objects.filter(title="Wrap gifts").update(votes=7)
    plan.freeze(release, by=cast.petra)
    assert titles(release) == ["Wrap gifts", "Keep a wishlist"]
    assert notes.lines_of(notes.get(release))[0].text == "It would save me time."


def test_the_plans_words_for_customers_come_first(frozen):
    release = frozen("Keep a wishlist")
    Change.objects.update(summary="Your list waits for you.")
    assert notes.lines_of(notes.get(release))[0].text == "Your list waits for you."


def test_maintenance_is_silent(cast, tested):
    release = tested("Keep a wishlist", "Wrap gifts")
    release.changes.get(title="Wrap gifts").ideas.clear()
    plan.freeze(release, by=cast.petra)
    assert titles(release) == ["Keep a wishlist"]


def test_after_the_plan_was_opened_what_was_written_stays_and_what_left_is_silent(cast, frozen):
    release = frozen("Keep a wishlist", "Wrap gifts")
    notes.edit(notes.get(release), intro="Presents!", words=words(release, title="A list of wishes"), by=cast.petra)
    plan.unfreeze(release, by=cast.petra)
    plan.drop_change(release.changes.get(title="Wrap gifts"), by=cast.petra)
    plan.freeze(release, by=cast.petra)
    assert titles(release) == ["A list of wishes"]
    assert notes.get(release).intro == "Presents!"


def test_a_line_that_nobody_wrote_follows_the_idea(cast, frozen):
    release = frozen("Keep a wishlist")
    notes.edit(notes.get(release), intro="", words=words(release), by=cast.petra)
    Idea.objects.update(title="Keep a wish list")
    assert titles(release) == ["Keep a wish list"]


def test_line_ends_of_a_browser_are_no_words_of_ones_own(cast, frozen):
    release = frozen("Keep a wishlist")
    Idea.objects.update(body="One.\nTwo.")
    notes.edit(notes.get(release), intro="", words=words(release, text="One.\r\nTwo."), by=cast.petra)
    assert NoteLine.objects.get().text == ""


def test_editing_leaves_a_trace(cast, frozen):
    release = frozen("Keep a wishlist")
    notes.edit(notes.get(release), intro="Hello", words=words(release), by=cast.lena)
    found = notes.get(release)
    assert (found.edited_by, found.edited_at is not None) == (cast.lena, True)
    assert Event.objects.get(verb="notes.edited").actor == cast.lena


def test_a_change_of_another_release_is_refused(cast, frozen):
    release = frozen("Keep a wishlist")
    with pytest.raises(ValidationError):
        notes.edit(notes.get(release), intro="", words=[Words(99, 1, "x", "", False)], by=cast.petra)
    with pytest.raises(ValidationError):
        notes.edit(notes.get(release), intro="", words=words(release) * 2, by=cast.petra)


def test_the_page_keeps_what_is_written(cast, sign_in, frozen):
    release = frozen("Keep a wishlist", "Wrap gifts")
    petra = sign_in(cast.petra)
    assert "Keep a wishlist" in petra.get(PAGE).content.decode()
    one, two = (line.change.number for line in notes.lines_of(notes.get(release)))
    sent = {f"position-{one}": 2, f"title-{one}": "A list", f"position-{two}": 1, f"hidden-{two}": "on", "intro": "Hi"}
    assert petra.post(PAGE, sent).status_code == 302
    lines = notes.lines_of(notes.get(release))
    assert [(line.title, line.is_hidden) for line in lines] == [("Wrap gifts", True), ("A list", False)]
    assert "Edited by Petra" in petra.get(PAGE).content.decode()


def test_a_title_that_is_too_long_is_refused_beside_its_field(cast, sign_in, frozen):
    release = frozen("Keep a wishlist")
    number = release.changes.get().number
    page = sign_in(cast.petra).post(PAGE, {f"title-{number}": "x" * 201})
    assert page.status_code == 422
    assert f"title-{number}" in page.context["form"].errors


@pytest.mark.parametrize(("who", "status"), [("dev", 403), ("cleo", 403), ("max", 403), ("lena", 200)])
def test_only_product_owner_and_lead_edit_them(cast, sign_in, frozen, who, status):
    frozen("Keep a wishlist")
    assert sign_in(getattr(cast, who)).get(PAGE).status_code == status


def test_the_plan_leads_to_them(cast, sign_in, frozen):
    frozen("Keep a wishlist")
    assert PAGE in sign_in(cast.petra).get("/releases/24.11/").content.decode()
    assert PAGE not in sign_in(cast.dev).get("/releases/24.11/").content.decode()


def test_whoever_edits_them_is_asked_to_while_the_watch_is_open(cast, live):
    def asked() -> list[str]:
        return [row.url for row in waiting_for(cast.actor(cast.petra)) if row.action == "Read them over"]

    release = live("Keep a wishlist")
    assert asked() == [PAGE]
    notes.edit(notes.get(release), intro="", words=words(release), by=cast.lena)
    assert asked() == []


def test_the_api_reads_and_writes_them(cast, sign_in, frozen):
    release = frozen("Keep a wishlist", "Wrap gifts")
    petra = sign_in(cast.petra)
    found = petra.get(API).json()
    assert (found["status"], [line["title"] for line in found["lines"]]) == ("draft", ["Keep a wishlist", "Wrap gifts"])
    found["lines"][0]["title"] = "A list"
    found["lines"].reverse()
    answer = petra.put(API, json.dumps(found), content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert titles(release) == ["Wrap gifts", "A list"]
    assert sign_in(cast.dev).put(API, json.dumps(found), content_type="application/json").status_code == 403


def test_the_api_shows_nobody_outside_a_draft(cast, sign_in, frozen):
    frozen("Keep a wishlist")
    assert sign_in(cast.cleo).get(API).status_code == 404
    assert sign_in(cast.dev).get(API).status_code == 200


def test_the_api_refuses_a_change_that_is_not_in_the_release(cast, sign_in, frozen):
    frozen("Keep a wishlist")
    sent = {"lines": [{"change": 99}]}
    answer = sign_in(cast.petra).put(API, json.dumps(sent), content_type="application/json")
    assert answer.status_code == 422


def test_what_was_said_at_the_demo_stands_beside(cast, sign_in, frozen):
    release = frozen("Keep a wishlist")
    now = timezone.now()
    demo = Demo.objects.create(
        release=release, audience="customers", starts_at=now, host=cast.petra, status="open", created_at=now
    )
    invitation = Invitation.objects.create(demo=demo, user=cast.cleo, reason="author", nonce="x", sent_at=now)
    DemoAnswer.objects.create(
        invitation=invitation,
        change=release.changes.get(),
        digest=release.candidate.digest,
        outcome="note",
        words="Say it in the mail, too",
        at=now,
    )
    assert "Say it in the mail, too" in sign_in(cast.petra).get(PAGE).content.decode()
