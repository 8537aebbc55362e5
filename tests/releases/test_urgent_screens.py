"""Undo, hotfix, stacks and the matrix on their pages and in the API."""

import re

import pytest
from django.utils import timezone

from ideas import services as ideas
from ideas.models import Idea
from lifecycle.models import Work
from releases import changes, facts, overlaps, undoing
from releases.models import Candidate, Change, Overlap, Release, Revision
from tests.releases.benches import ticks

S = Change.Status


@pytest.fixture
def live(cast, frozen) -> Release:
    release = frozen("Keep a wishlist", "Wrap gifts")
    ideas.vote(Idea.objects.get(changes__number=1), by=cast.carl)
    facts.mark_live(release, deployment=release, by=cast.ops)
    return release


def page(client, address: str) -> str:
    return client.get(address).content.decode()


def test_what_an_undo_does_is_said_before_the_button(cast, sign_in, live, work):
    petra = sign_in(cast.petra)
    assert "Undo this change…" in page(petra, "/changes/1/")
    assert "Undo C-1…" in page(petra, "/releases/24.11/")
    work("undo_previews")
    work("undo_preview")
    text = page(petra, "/changes/1/undo/")
    assert "Undo C-1?" in text
    assert "1 change leaves production: Keep a wishlist" in text
    assert "2 files change back" in text
    assert "The database stays as it is" in text
    assert "They serve 1 idea with 1 vote" in text
    assert "1 person who asked for it is told; 1 of them voted" in text
    answer = petra.post("/changes/1/undo/", {"reason": ""})
    assert answer.status_code == 422
    answer = petra.post("/changes/1/undo/", {"reason": "Orders were lost"})
    assert answer["Location"] == "/releases/24.11.1/"
    text = page(petra, "/releases/24.11.1/")
    assert "Taken out" in text
    assert "Keep a wishlist" in text
    assert "Orders were lost" in text


def test_migrations_that_stay_are_named_by_change_and_file(cast, sign_in, live, work):
    path = "shop/migrations/0001_first.py"
    change = Change.objects.get(number=1)
    Revision.objects.filter(pk=change.revision_id).update(files=[path])
    undoing.preview(cast.product, [change])
    work("undo_preview")
    text = " ".join(re.sub("<[^>]+>", "", page(sign_in(cast.petra), "/changes/1/undo/")).split())
    assert f"The migration of C-1 stays: {path}" in text
    found = sign_in(cast.petra).get("/api/v1/products/shop/changes/1/undo/").json()
    assert [row["files"] for row in found["staying_migrations"]] == [[path]]


def test_while_it_is_worked_out_the_page_says_so(cast, sign_in, live):
    petra = sign_in(cast.petra)
    assert "is being worked out" in page(petra, "/changes/1/undo/")
    assert petra.post("/changes/1/undo/", {"reason": "Orders were lost"}).status_code == 409


def test_what_is_not_live_cannot_be_undone(cast, sign_in, workshop, plan_of):
    plan_of("Keep a wishlist")
    assert "Not live: C-1." in page(sign_in(cast.petra), "/changes/1/undo/")
    assert sign_in(cast.tess).get("/changes/1/undo/").status_code == 403


def test_a_tester_is_asked_whether_it_is_gone(cast, sign_in, live, work, compose):
    work("undo_previews")
    work("undo_preview")
    sign_in(cast.petra).post("/changes/1/undo/", {"reason": "Orders were lost"})
    candidate = compose(Release.objects.get(version="24.11.1").candidate)
    facts.mark_on_staging(candidate, by=cast.ops)
    tess = sign_in(cast.tess)
    text = page(tess, "/testing/")
    assert "“Keep a wishlist” is gone" in text
    assert "Approve without C-1" in text
    tess.post("/testing/1/approve/", {"candidate": candidate.pk, "tried": ticks(Change.objects.get(number=1))})
    assert "Nothing to test" in page(tess, "/testing/")


def test_a_hotfix_is_chosen_and_the_parked_release_says_so(cast, sign_in, frozen, workshop, idea_of, build):
    frozen("Keep a wishlist")
    change = build(loose_change(cast, idea_of), line=40)
    changes.mark_ready(change, by=cast.dev)
    ops = sign_in(cast.ops)
    assert "C-2" in page(ops, "/releases/hotfix/")
    assert ops.post("/releases/hotfix/", {"reason": "Nobody can pay"}).status_code == 422
    answer = ops.post("/releases/hotfix/", {"reason": "Nobody can pay", "changes": [change.pk]})
    assert answer["Location"] == "/releases/0.1/"
    assert "It made way for 0.1" in page(ops, "/releases/24.11/")
    assert sign_in(cast.dev).get("/releases/hotfix/").status_code == 403


def loose_change(cast, idea_of) -> Change:
    now = timezone.now()
    change = Change.objects.create(
        product=cast.product,
        number=cast.product.next_number("change"),
        title="Pay again",
        branch="work/pay",
        created_at=now,
        waiting_since=now,
    )
    change.ideas.add(idea_of("Pay again"))
    return change


def test_a_moved_base_is_put_together_again_by_one_click(cast, sign_in, frozen):
    release = frozen("Keep a wishlist")
    before = release.candidate
    assert "Put it together again" not in page(sign_in(cast.petra), "/releases/24.11/")
    something_else_is_live(cast, before)
    petra = sign_in(cast.petra)
    assert "Put it together again" in page(petra, "/releases/24.11/")
    assert petra.post("/releases/24.11/recompose/").status_code == 302
    release.refresh_from_db()
    assert release.candidate != before


def something_else_is_live(cast, before: Candidate) -> None:
    """24.10.1 went live while 24.11 was tested."""
    other, now = Candidate.objects.get(pk=before.base_id), timezone.now()
    other.pk = None
    other.save()
    when = {"target_date": now.date(), "created_at": now, "live_at": now}
    fields = {"version": "24.10.1", "status": Release.Status.LIVE, "author": cast.petra, **when}
    Release.objects.create(product=cast.product, candidate=other, **fields)


def test_the_matrix_names_who_clashes_with_whom(cast, sign_in, workshop, plan_of, build):
    one, two, three = plan_of("Keep a wishlist", "Wrap gifts", "Pay later").changes.order_by("pk")
    build(one, line=5), build(two, line=5), build(three, line=30)
    assert Work.objects.filter(kind="overlaps").count() == 1
    assert overlaps.update(cast.product) == 3
    dev = sign_in(cast.dev)
    text = page(dev, "/releases/24.11/")
    assert "C-1 and C-2 change the same lines" in text
    assert "Who clashes with whom" in text
    assert "C-1 and C-2 change the same lines in shop.py." in page(dev, "/changes/2/")
    assert "C-1 and C-2" not in page(dev, "/changes/3/")
    [row] = dev.get("/api/v1/products/shop/overlaps/").json()
    assert (row["one"], row["other"], row["files"]) == ("C-1", "C-2", ["shop.py"])


def test_a_stack_is_said_on_both_pages(cast, sign_in, workshop, plan_of, build):
    one, two = plan_of("Keep a wishlist", "Wrap gifts").changes.order_by("pk")
    build(one, line=5)
    workshop.change(two.branch, one.branch, 30, "line_30 = 2")
    build(one, line=6)
    dev = sign_in(cast.dev)
    assert Change.objects.get(pk=two.pk).requires == one
    assert "Built on C-1 (Keep a wishlist), which goes first." in page(dev, "/changes/2/")
    assert "C-2 (Wrap gifts) is built on this" in page(dev, "/changes/1/")


def test_the_api_undoes_and_fixes(cast, sign_in, live, work):
    petra = sign_in(cast.petra)
    address = "/api/v1/products/shop/changes/1/undo/"
    assert petra.get(address).json()["status"] == "queued"
    assert petra.post(address, {"reason": "Orders were lost"}, "application/json").status_code == 409
    work("undo_preview")
    found = petra.get(address).json()
    assert (found["status"], found["conflicts"], found["reasons"]) == ("ready", [], [])
    assert (found["ideas"], found["votes"], found["told"], found["voters"]) == (1, 1, 1, 1)
    assert [(row["key"], row["title"]) for row in found["leaving"]] == [("C-1", "Keep a wishlist")]
    assert (found["keys"], found["staying_migrations"], len(found["files"])) == ("C-1", [], 2)
    answer = petra.post(address, {"reason": "Orders were lost"}, "application/json")
    assert (answer.status_code, answer.json()["version"]) == (201, "24.11.1")
    answer = petra.post("/api/v1/products/shop/hotfixes/", {"reason": "x", "changes": [1]}, "application/json")
    assert answer.status_code == 422 or answer.status_code == 400
    assert sign_in(cast.tess).post(address, {"reason": "x"}, "application/json").status_code == 403
    assert Overlap.objects.count() == 0
