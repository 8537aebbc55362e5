"""A developer's page: everything about their changes, in a number of statements that does not grow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from environments import holds
from environments.models import Environment, Repository
from ideas.models import Idea
from releases import changes, plan_changes
from releases.models import Change, Check, Overlap, Revision
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db
S = Change.Status


def page(client) -> str:
    answer = client.get("/my-changes/")
    assert answer.status_code == 200
    return answer.content.decode()


def report(change: Change, name: str, status: str, **values) -> None:
    Check.objects.create(
        product=change.product,
        revision=change.revision,
        sha=change.revision.tip,
        kind=Check.Kind.EXTERNAL,
        name=name,
        status=status,
        requested_at=timezone.now(),
        **values,
    )


def clash(one: Change, other: Change, **values) -> None:
    Overlap.objects.create(
        product=one.product, one=one.revision, other=other.revision, base_sha="1" * 40, at=timezone.now(), **values
    )


def test_all_checks_are_named_the_own_and_the_reported_ones(cast, change_of, sign_in: SignIn) -> None:
    change = change_of(7)
    report(change, "build (3.12)", Check.Status.FAILED, summary="Two jobs broke", url="https://ci.test/7")
    report(change, "lint", Check.Status.PASSED)
    report(change, "docs", Check.Status.FAILED, required=False)
    text = page(sign_in(cast.dev))
    for words in (
        "Tests passed",
        "412 passed",
        "build (3.12)",
        "Failed: Two jobs broke",
        "lint",
        "docs",
        "not required",
    ):
        assert words in text, words
    assert 'href="https://ci.test/7"' in text
    assert "The external check build (3.12) failed: Two jobs broke" in text, "why it is not ready"


def test_an_overlap_names_the_other_developer_and_whose_moves(cast, change_of, sign_in: SignIn) -> None:
    mine_, further = change_of(7), change_of(8, developer=cast.lena, status=S.STAGING)
    behind = change_of(9, developer=cast.lena)
    clash(mine_, further, files=["checkout/forms.py"])
    clash(mine_, behind, migrations=["shop/migrations"])
    text = page(sign_in(cast.dev))
    assert "checkout/forms.py" in text and "Lena&#x27;s C-8 is further, so yours moves." in text
    assert "both add migrations to shop/migrations" in text
    assert "Yours is further, so Lena&#x27;s C-9 moves." in text
    assert "2 conflicts" in text and "Write to Lena" in text
    assert "Dev&#x27;s C-7 is further, so yours moves." in page(sign_in(cast.lena))


def test_an_overlap_of_an_older_push_is_forgotten(cast, change_of, sign_in: SignIn) -> None:
    mine_, other = change_of(7), change_of(8, developer=cast.lena)
    clash(mine_, other, files=["checkout/forms.py"])
    newer = Revision.objects.create(change=other, number=2, fork="0" * 40, tip="9" * 40, seen_at=timezone.now())
    Change.objects.filter(pk=other.pk).update(revision=newer)
    assert "checkout/forms.py" not in page(sign_in(cast.dev))


def test_what_dev_left_out_collides_and_is_rebased_on_the_repositorys_main(cast, change_of, sign_in: SignIn) -> None:
    change_of(8, developer=cast.lena, status=S.READY)
    change_of(7, conflict={"key": "C-7", "with": "C-8", "files": ["shop.py"]})
    change_of(6, conflict={"key": "C-6", "with": None, "files": ["shop.py"]})
    Repository.objects.filter(product=cast.product).update(main_branch="trunk")
    text = page(sign_in(cast.dev))
    assert "Collides with Lena&#x27;s C-8" in text and "Collides with what is live" in text
    assert "git switch idea/7 &amp;&amp; git rebase origin/trunk" in text
    assert "origin/main" not in text


def test_it_says_when_it_is_due_and_what_the_tester_will_try(cast, change_of, sign_in: SignIn) -> None:
    today = timezone.localdate()
    change_of(7, due_date=today - timedelta(days=1), steps="1. Pay by card\n2. Pay by voucher")
    change_of(8, due_date=today + timedelta(days=1))
    text = page(sign_in(cast.dev))
    assert '<small class="due late">' in text and '<small class="due soon">' in text
    assert "<li>Pay by card</li><li>Pay by voucher</li>" in text


def test_migrations_are_said_in_words(cast, change_of, sign_in: SignIn) -> None:
    files = ["shop/migrations/0002_note.py"]
    change_of(7, files=files, migrations="expand")
    change_of(8, files=files)
    text = page(sign_in(cast.dev))
    assert "Migration: Expand: the old release runs on it" in text
    assert "A migration: say of which kind" in text


def test_it_says_until_when_staging_is_held(cast, change_of, paper, sign_in: SignIn) -> None:
    change_of(7)
    client = sign_in(cast.dev)
    assert "Staging is held" not in page(client)
    staging = Environment.objects.get(product=cast.product, kind=Environment.Kind.STAGING)
    holds.hold(staging, by=cast.tess, minutes=30)
    assert "by Tess; it deploys after that" in page(client)
    holds.let_go(staging, by=cast.tess)
    assert "Staging is held" not in page(client)


def test_what_is_offered_can_be_taken_back_there(cast, change_of, sign_in: SignIn) -> None:
    change, client = change_of(7), sign_in(cast.dev)
    changes.mark_ready(change, by=cast.dev)
    assert "Not ready after all" in page(client)
    assert client.post("/changes/7/not-ready/", {"next": "/my-changes/"})["Location"] == "/my-changes/"
    assert Change.objects.get(pk=change.pk).status == S.DEVELOPMENT


def test_a_branch_name_of_another_idea_is_not_counted(cast, paper) -> None:
    idea = Idea.objects.create(**idea_of(cast, 4) | {"title": "Keep a wishlist"})
    taken = {"product": cast.product, "created_at": paper.now, "waiting_since": paper.now, "title": "x"}
    Change.objects.create(number=50, branch="idea/4-keep-a-wishlist-for-years", **taken)
    assert plan_changes.branch_name(idea) == "idea/4-keep-a-wishlist"
    Change.objects.create(number=51, branch="idea/4-keep-a-wishlist", **taken)
    Change.objects.create(number=52, branch="idea/4-keep-a-wishlist-3", **taken)
    assert plan_changes.branch_name(idea) == "idea/4-keep-a-wishlist-2"


def idea_of(cast: Cast, number: int) -> dict[str, object]:
    now = timezone.now()
    return {
        "product": cast.product,
        "number": number,
        "title": f"Idea {number}",
        "body": "Please.",
        "author": cast.cleo,
        "created_at": now,
        "moved_at": now,
    }
