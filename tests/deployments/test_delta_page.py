"""What differs, in users' words first; a comparison nobody has made yet says that it is being made."""

from collections.abc import Callable

import pytest
from django.test import Client

from environments.models import Delta
from lifecycle.models import User, Work
from releases.models import Release
from tests.cast import Cast
from tests.deployments.frozen import frozen

SignIn = Callable[[User | None], Client]
DELTA = "/delta/production..24.11/"


@pytest.fixture
def made(cast: Cast) -> Release:
    return frozen(cast)


def test_it_is_asked_of_a_worker_and_says_so(made: Release, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.dev)
    page = client.get(DELTA).content.decode()
    assert "A worker is comparing them" in page and "Keep a wishlist" in page and 'hx-trigger="every 1s"' in page
    client.get(DELTA)
    assert Work.objects.filter(kind="delta").count() == 1


def test_it_shows_changes_commits_files_and_migrations(made: Release, cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.dev).get(DELTA)
    Delta.objects.update(
        status=Delta.Status.READY,
        commits=[{"sha": "c" * 40, "subject": "wishlist: Keep products", "author": "Dev", "at": "", "change": ""}],
        files=[["A", "features/wishlist/models.py"]],
        migrations=["features/wishlist/migrations/0001_initial.py"],
    )
    page = sign_in(cast.dev).get(DELTA).content.decode()
    assert "1 change; all of them can be taken out again" in page
    for words in ("wishlist: Keep products", "features/wishlist/models.py", "0001_initial.py", "Open the cockpit"):
        assert words in page
    assert "hx-trigger" not in page.split('id="delta"')[1].split(">")[0]


def test_a_comparison_that_failed_says_what_git_said(made: Release, cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.dev).get(DELTA)
    Delta.objects.update(status=Delta.Status.FAILED, error="bad object")
    Work.objects.all().delete()
    assert sign_in(cast.dev).get(DELTA).status_code == 200
    assert Work.objects.filter(kind="delta").count() == 1


def test_the_same_on_both_sides_is_said_plainly(made: Release, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).get("/delta/24.11..24.11/").content.decode()
    assert "are the same" in page and not Delta.objects.exists()


def test_candidates_can_be_compared_after_environments_have_moved_on(
    made: Release, cast: Cast, sign_in: SignIn
) -> None:
    base, top = made.candidate.base_id, made.candidate.pk
    assert "Keep a wishlist" in sign_in(cast.dev).get(f"/delta/c{base}..c{top}/").content.decode()


def test_htmx_gets_the_fragment(made: Release, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).get(DELTA, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in page and 'id="delta"' in page


@pytest.mark.parametrize("names", ["nowhere..24.11", "production..99.9", "c999..c1000"])
def test_unknown_names_are_not_found(made: Release, cast: Cast, sign_in: SignIn, names: str) -> None:
    assert sign_in(cast.dev).get(f"/delta/{names}/").status_code == 404


def test_customers_do_not_see_it(made: Release, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.cleo).get(DELTA).status_code == 403
