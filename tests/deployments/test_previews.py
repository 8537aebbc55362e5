"""What a rollback would do, said before anybody asks for it: in the dialog and over the API."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from deployments import previews
from deployments.models import Deployment, Step
from deployments.pages import delta_rows
from environments.models import Environment
from ideas.models import Idea, Subscription
from lifecycle.models import User
from releases.models import Candidate, Change, Release, Revision
from tests.cast import Cast
from tests.deployments.frozen import frozen, production
from tests.deployments.watched import deployment

SignIn = Callable[[User | None], Client]
PAGE = "/environments/production/roll-back/"
API = "/api/v1/products/shop/environments/production/roll-back/preview/"


@pytest.fixture
def live(cast: Cast) -> Release:
    """24.11 is live; Cleo voted for its idea, Carl for a duplicate, Lena follows it."""
    made = frozen(cast)
    deployment(production(), made, previous=made.candidate.base)
    Release.objects.filter(pk=made.pk).update(status=Release.Status.LIVE, live_at=timezone.now())
    first, double = (idea(cast, number) for number in (1, 2))
    Idea.objects.filter(pk=double.pk).update(canonical=first, merged_into=first)
    Change.objects.get().ideas.add(first)
    for about, person, reason in (
        (first, cast.cleo, "vote"),
        (double, cast.carl, "vote"),
        (first, cast.lena, "follow"),
    ):
        Subscription.objects.create(idea=about, user=person, reason=reason, created_at=timezone.now())
    return made


def idea(cast: Cast, number: int) -> Idea:
    now = timezone.now()
    facts = {"author": cast.cleo, "created_at": now, "moved_at": now, "votes": 2}
    return Idea.objects.create(product=cast.product, number=number, title=f"Wish {number}", **facts)


def test_the_dialog_names_everything(live: Release, cast: Cast, sign_in: SignIn):
    Change.objects.update(migrations="expand")
    page = sign_in(cast.ops).get(PAGE).content.decode()
    for words in (
        "1 change leaves Production: Keep a wishlist",
        "They serve 1 idea with 2 votes",
        "The migration of C-1 stays",
        "3 people who asked for it are told; 2 of them voted",
        "The rehearsal on staging took 0.7 s",
        "It leads to 24.10, which was verified here",
    ):
        assert words in page


@pytest.mark.parametrize("said", ["", "none", "expand"])
def test_migrations_stay_by_their_files_whatever_the_change_says(live: Release, cast: Cast, sign_in: SignIn, said: str):
    page = sign_in(cast.ops).get(PAGE).content.decode()
    assert "The database stays as it is" in page
    path = "wishlist/migrations/0001_first.py"
    Change.objects.update(migrations=said)
    Revision.objects.update(files=[path, "shop.py"])
    page = sign_in(cast.ops).get(PAGE).content.decode()
    assert f"The migration of C-1 stays: {path}" in page and "The database stays" not in page
    [row] = sign_in(cast.dev).get(API).json()["staying_migrations"]
    assert row == {"key": "C-1", "title": "Keep a wishlist", "migrations": said, "files": [path]}


def test_files_of_a_later_push_do_not_count_only_those_that_leave(live: Release, cast: Cast):
    change = Change.objects.get()
    files = ["wishlist/migrations/0002_later.py"]
    change.revision = Revision.objects.create(
        change=change, number=2, fork="a" * 40, tip="c" * 40, files=files, seen_at=timezone.now()
    )
    change.save(update_fields=["revision"])
    assert previews.preview(production()).staying == []


@pytest.mark.parametrize("migrations", ["contract", "irreversible"])
def test_where_nothing_leads_back_it_says_so_and_what_to_do_instead(
    live: Release, cast: Cast, sign_in: SignIn, migrations: str
):
    Change.objects.update(migrations=migrations)
    page = sign_in(cast.ops).get(PAGE).content.decode()
    assert "There is no way back by one click" in page and "Fix it forward" in page
    Step.objects.create(
        deployment=Deployment.objects.latest("id"), key="backup", position=1, status="done", detail="copied to /b/24-11"
    )
    assert "copied to /b/24-11" in sign_in(cast.ops).get(PAGE).content.decode()


def test_the_api_has_the_same_facts_and_changes_nothing(live: Release, cast: Cast, sign_in: SignIn):
    before = Deployment.objects.count()
    found = json.loads(sign_in(cast.dev).get(API).content)
    assert (found["ideas"], found["votes"], found["told"], found["voters"]) == (1, 2, 3, 2)
    assert [change["key"] for change in found["leaving"]] == ["C-1"]
    assert found["measured"]["of"] == "rehearsal" and found["target"].startswith("24.10+")
    assert Deployment.objects.count() == before
    assert sign_in(cast.cleo).get(API).status_code == 403
    Change.objects.update(migrations="contract")
    found = json.loads(sign_in(cast.dev).get(API).content)
    assert found["target"] is None and found["why_not"] and found["instead"]


def test_nothing_that_was_never_deployed_can_go_back(cast: Cast, live: Release):
    place = Environment.objects.create(product=cast.product, slug="demo", name="Demo", kind="staging", position=7)
    found = previews.preview(place)
    assert found.target is None and found.instead == "Deploy what should run there."


def test_without_a_rehearsal_the_last_rollback_or_deployment_is_the_measure(cast: Cast, live: Release):
    live.rehearsals.all().delete()
    assert previews.preview(production()).measured.of == "deployment"


def test_the_cockpit_rehearses_again_after_a_failure(cast: Cast, sign_in: SignIn):
    made = frozen(cast)
    made.rehearsals.update(status="failed", reason="The way forward: health failed.")
    page = "/releases/24.11/cockpit/"
    shown = sign_in(cast.ops).get(page).content.decode()
    assert "The way forward: health failed." in shown and "Rehearse now" in shown
    assert "Rehearse now" not in sign_in(cast.petra).get(page).content.decode()
    assert "is not proved" in sign_in(cast.ops).get("/inbox/").content.decode()
    assert sign_in(cast.petra).post("/releases/24.11/rehearse/").status_code == 403


def test_before_it_is_needed_cockpit_and_sheet_say_that_nothing_leads_back(cast: Cast, sign_in: SignIn):
    frozen(cast)
    Change.objects.update(migrations="contract")
    for who, page in ((cast.ops, "cockpit"), (cast.max, "approve")):
        shown = sign_in(who).get(f"/releases/24.11/{page}/").content.decode()
        assert "No way back after C-1" in shown
        assert "neither a click nor the watch takes it back" in shown
        assert "with no backup before it" in shown


def test_a_file_that_calls_its_migration_irreversible_is_said_as_early(cast: Cast, sign_in: SignIn):
    made = frozen(cast)
    text = f'{made.candidate.manifest}[migrate]\ncommand = ["migrate"]\nirreversible = true\n'
    Candidate.objects.filter(pk=made.candidate_id).update(manifest=text)
    for who, page in ((cast.ops, "cockpit"), (cast.max, "approve")):
        shown = sign_in(who).get(f"/releases/24.11/{page}/").content.decode()
        assert "After [migrate] neither a click nor the watch takes it back" in shown
        assert "No way back after [migrate]" in shown
    made.candidate.refresh_from_db()
    assert delta_rows.going_back(production(), made.candidate).startswith("[migrate] changes the database")
