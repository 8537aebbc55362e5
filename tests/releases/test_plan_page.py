"""The plan's page: at most twelve statements with fifty changes in every state, and what its rows say."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ideas.models import Idea
from lifecycle.models import Notification
from releases import changes, plan, rescoping
from releases.models import Candidate, CandidateChange, Change, Overlap, Release, Revision, SignOff

AT_MOST = 12  # issue 4, session, person and product among them
MANY = 50


@pytest.fixture
def release(cast, workshop, idea_of) -> Release:
    """A draft of fifty changes with everything a row can say, and two that clash."""
    made = plan.create(
        product=cast.product,
        version="24.11",
        target_date=timezone.localdate() + timedelta(days=9),
        ideas=[idea_of(f"Wish {number}") for number in range(MANY)],
        by=cast.petra,
    )
    now = timezone.now()
    for change in made.changes.order_by("number"):
        revision = Revision.objects.create(
            change=change, number=1, fork="0" * 40, tip=f"{change.pk:040d}", files=["shop.py"], seen_at=now
        )
        facts = {"revision": revision, "developer": cast.dev, "status": "approved", "migrations": "expand"}
        Change.objects.filter(pk=change.pk).update(**facts, estimate=3, due_date=timezone.localdate())
    one, other = Revision.objects.order_by("pk")[:2]
    Overlap.objects.create(product=cast.product, one=one, other=other, base_sha="0" * 40, files=["shop.py"], at=now)
    return made


def publish(release: Release, cast) -> None:
    plan.publish(release, by=cast.petra)
    later = release.target_date + timedelta(days=1)
    plan.reschedule(release, target_date=later, reason="The bank was late", by=cast.petra)


def freeze(release: Release, cast, *outcomes: str) -> None:
    """Frozen as a worker would leave it, with words of the demo and a change of what is frozen."""
    Overlap.objects.all().delete()
    candidate = plan.freeze(release, by=cast.petra)
    rescoping.take_out(release, release.changes.last(), reason="Later", by=cast.petra)
    candidate = Release.objects.get().candidate
    facts = {"status": Candidate.Status.READY, "digest": "d" * 64, "sha": "e" * 40, "staged_at": timezone.now()}
    Candidate.objects.filter(pk=candidate.pk).update(**facts, base=candidate.base)
    for outcome in outcomes:
        said = {"audience": "managers", "outcome": outcome, "digest": "d" * 64, "by": cast.max, "at": timezone.now()}
        SignOff.objects.create(release=release, candidate=candidate, **said)


def statements(cast, sign_in) -> list[str]:
    lena = sign_in(cast.lena)
    with CaptureQueriesContext(connection) as asked:
        assert lena.get("/releases/24.11/").status_code == 200
    return [one["sql"] for one in asked.captured_queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]


@pytest.mark.parametrize("state", ["draft", "planned", "frozen", "shown"])
def test_fifty_changes_cost_twelve_statements_at_most(cast, sign_in, release, state):
    if state != "draft":
        publish(release, cast)
    if state in ("frozen", "shown"):
        freeze(release, cast, *(["no", "yes"] if state == "shown" else []))
        assert CandidateChange.objects.exists()
    asked = statements(cast, sign_in)
    assert len(asked) <= AT_MOST, "\n".join(sql[:160] for sql in asked)


def test_a_row_says_what_it_serves_costs_and_when_it_is_due(cast, sign_in, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    yesterday = timezone.localdate() - timedelta(days=1)
    plan.edit_change(change, by=cast.dev, estimate=3, due_date=yesterday)
    changes.set_migrations(change, migrations="contract", by=cast.dev)
    page = sign_in(cast.petra).get("/releases/24.11/").content.decode()
    assert "3 points" in page
    assert "due " in page
    assert "contract" in page
    assert f'href="/ideas/{change.ideas.get().number}/"' in page


def test_of_two_that_clash_the_page_says_who_moves(cast, sign_in, release):
    Change.objects.filter(number=1).update(status="development")
    page = sign_in(cast.petra).get("/releases/24.11/").content.decode()
    assert "C-1 and C-2 change the same lines" in page
    assert "C-1 moves: Dev rebases it." in page


def test_a_row_is_edited_in_what_is_fetched_when_it_opens(cast, sign_in, plan_of):
    plan_of("Keep a wishlist")
    petra = sign_in(cast.petra)
    assert "/releases/24.11/changes/1/edit/" in petra.get("/releases/24.11/").content.decode()
    url = "/releases/24.11/changes/1/edit/"
    assert "<html" not in petra.get(url, HTTP_HX_REQUEST="true").content.decode()
    assert "<html" in petra.get(url).content.decode()
    data = {"developer": cast.dev.pk, "estimate": 5, "due_date": "", "steps": "Press the heart", "summary": ""}
    assert petra.post(url, data)["Location"] == "/releases/24.11/"
    change = Change.objects.get()
    assert (change.developer, change.estimate, change.steps) == (cast.dev, 5, "Press the heart")
    refused = petra.post(url, data | {"estimate": "many"})
    assert refused.status_code == 422
    assert "Press the heart" in refused.content.decode()


def test_steps_of_what_is_frozen_ask_for_a_reason_in_the_form(cast, sign_in, frozen):
    frozen("Keep a wishlist")
    petra, url = sign_in(cast.petra), "/releases/24.11/changes/1/edit/"
    data = {"developer": "", "estimate": "", "due_date": "", "steps": "Press the heart", "summary": "", "reason": ""}
    assert "somebody may have tried it as it was" in petra.post(url, data).content.decode()
    assert petra.post(url, data | {"reason": "One was missing"}).status_code == 302


def test_the_plan_itself_is_changed_on_a_page_of_its_own(cast, sign_in, plan_of):
    plan_of("Keep a wishlist")
    petra, url = sign_in(cast.petra), "/releases/24.11/edit/"
    data = {"goal": "Sooner", "owner": cast.lena.pk, "enough": "count", "enough_count": "", "risk": "The bank"}
    refused = petra.post(url, data)
    assert refused.status_code == 422
    assert "The bank" in refused.content.decode()
    assert petra.post(url, data | {"enough_count": 1}).status_code == 302
    page = petra.get("/releases/24.11/").content.decode()
    assert "plan, version 2" in page
    assert "1 approved change" in page
    assert "The bank" in page
    assert sign_in(cast.dev).get(url).status_code == 403


def test_more_comes_in_from_the_queue_or_as_maintenance(cast, sign_in, plan_of, idea_of):
    plan_of("Keep a wishlist")
    wrap, petra = idea_of("Wrap gifts"), sign_in(cast.petra)
    assert "Wrap gifts" in petra.get("/releases/24.11/ideas/", HTTP_HX_REQUEST="true").content.decode()
    assert petra.post("/releases/24.11/ideas/", {"ideas": [wrap.pk], "must": "on"}).status_code == 302
    assert petra.post("/releases/24.11/maintenance/", {"title": ""}).status_code == 422
    assert petra.post("/releases/24.11/maintenance/", {"title": "Renew it"}).status_code == 302
    assert [change.title for change in Change.objects.order_by("number")] == [
        "Keep a wishlist",
        "Wrap gifts",
        "Renew it",
    ]


def test_a_change_is_given_another_idea_on_its_row(cast, sign_in, plan_of, idea_of):
    change, wrap = plan_of("Keep a wishlist").changes.get(), idea_of("Wrap gifts")
    petra, url = sign_in(cast.petra), "/releases/24.11/changes/1/ideas/"
    both = [change.ideas.get().pk, wrap.pk]
    assert petra.post(url, {"ideas": both}).status_code == 302
    assert sorted(change.ideas.values_list("pk", flat=True)) == sorted(both)


def test_what_was_typed_survives_a_refusal(cast, sign_in, frozen):
    release = frozen("Keep a wishlist")
    Release.objects.update(status=Release.Status.LIVE, live_at=timezone.now())
    day = (release.target_date + timedelta(days=2)).isoformat()
    data = {"target_date": day, "reason": "The bank was late", "slip_words": ""}
    answer = sign_in(cast.petra).post("/releases/24.11/reschedule/", data)
    assert answer.status_code == 409
    assert "has ended" in answer.content.decode()


def test_one_click_makes_a_draft_and_a_second_one_leads_to_it(cast, sign_in, idea_of):
    idea_of("Keep a wishlist")
    petra = sign_in(cast.petra)
    assert [petra.post("/releases/from-top/")["Location"] for _click in range(2)] == ["/releases/1.0/"] * 2
    assert Release.objects.count() == 1
    empty = sign_in(cast.dev).post("/releases/from-top/")
    assert empty.status_code == 403


def test_one_click_takes_only_what_was_named(cast, sign_in, idea_of):
    ideas = [idea_of(title) for title in ("Keep a wishlist", "Wrap gifts")]
    sign_in(cast.petra).post("/releases/from-top/", {"ideas": [ideas[1].pk]})
    assert [change.title for change in Change.objects.all()] == ["Wrap gifts"]
    assert Idea.objects.filter(pk=ideas[0].pk, changes=None).exists()


def test_reading_the_plan_tells_nobody_that_it_is_enough(cast, sign_in, plan_of):
    release = plan_of("Keep a wishlist")
    release.changes.update(status=Change.Status.APPROVED)
    page = sign_in(cast.petra).get("/releases/24.11/").content.decode()
    assert "1 of 1, must-haves done: enough to freeze" in page
    assert not Notification.objects.filter(event="release.enough").exists()
