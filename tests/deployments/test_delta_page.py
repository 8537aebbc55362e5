"""What differs, in users' words first; a comparison nobody has made yet says that it is being made."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from environments import variables
from environments.models import Delta
from lifecycle.models import User, Work
from releases.models import Change, Release, Revision
from tests.cast import Cast
from tests.deployments.frozen import frozen, production
from tests.deployments.watched import release

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
    assert "One change; it can be taken out again" in page
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


def test_two_ends_are_chosen_by_a_form_that_needs_no_script(made: Release, cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.dev)
    page = client.get("/delta/production..24.11/").content.decode()
    assert '<option value="production" selected>' in page and '<option value="24.11" selected>' in page
    assert client.get("/delta/?old=24.11&new=production")["Location"] == "/delta/24.11..production/"
    assert client.get("/delta/?old=../etc&new=")["Location"] == "/delta/production..staging/", "what waits there"


def test_it_says_what_the_next_deployment_changes_in_variables(made: Release, cast: Cast, sign_in: SignIn) -> None:
    variables.set_variable(production(), name="PAYMENT_KEY", value="s3cret-of-the-shop", is_secret=True, by=cast.ops)
    variables.set_variable(production(), name="WISHES", value="200", is_secret=False, by=cast.ops)
    page = sign_in(cast.dev).get(DELTA).content.decode()
    assert "PAYMENT_KEY" in page and "a secret" in page and "s3cret" not in page
    assert "WISHES" in page and "200" in page


def test_migrations_are_named_with_the_change_that_brings_them(made: Release, cast: Cast, sign_in: SignIn) -> None:
    path = "features/wishlist/migrations/0001_initial.py"
    Revision.objects.update(files=[path])
    Change.objects.update(migrations="contract")
    sign_in(cast.dev).get(DELTA)
    Delta.objects.update(status=Delta.Status.READY, migrations=[path])
    page = sign_in(cast.dev).get(DELTA).content.decode()
    assert "contract" in page and page.count("C-1") >= 2
    assert "there is no way back by one press" in page and "cannot simply be taken out again" in page


def test_a_migration_that_is_only_changed_is_named_and_marked(made: Release, cast: Cast, sign_in: SignIn) -> None:
    files = [["M", "wishlist/migrations/0001_first.py"], ["A", "wishlist/migrations/0002_second.py"]]
    sign_in(cast.dev).get(DELTA)
    Delta.objects.update(status=Delta.Status.READY, files=files, migrations=[path for _status, path in files])
    rows = sign_in(cast.dev).get(DELTA).content.decode().split('class="migs"')[1].split("</ul>")[0].split("</li>")
    assert "0001_first.py" in rows[0] and "changed, not new" in rows[0]
    assert "0002_second.py" in rows[1] and "changed, not new" not in rows[1]


def test_of_many_commits_it_says_how_many_there_are_and_how_many_are_not_listed(
    made: Release, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(cast.dev).get(DELTA)
    commit = {"sha": "c" * 40, "subject": "wishlist: Keep products", "author": "Dev", "at": "", "change": ""}
    Delta.objects.update(status=Delta.Status.READY, commits=[commit] * 500, commit_count=777)
    page = sign_in(cast.dev).get(DELTA).content.decode()
    assert "<dd>777</dd>" in page and "and 577 more commits" in page
    assert page.count("wishlist: Keep products") == 200


def test_what_is_live_and_stands_on_a_change_from_another_release_is_named(
    made: Release, cast: Cast, sign_in: SignIn
) -> None:
    now = timezone.now()
    facts = {"product": cast.product, "requires": Change.objects.get(), "created_at": now, "waiting_since": now}
    later = release(cast, "24.12")
    Change.objects.create(number=2, title="Share it", status=Change.Status.LIVE, release=later, **facts)
    Change.objects.create(number=3, title="Print it", status=Change.Status.DEVELOPMENT, release=later, **facts)
    page = sign_in(cast.dev).get(DELTA).content.decode()
    assert "Share it, live with 24.12, is built on it" in page and "Print it" not in page


def test_it_says_what_one_press_would_do(made: Release, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).get(DELTA).content.decode()
    assert "One press returns Production to 24.10." in page and "data and schema stay" in page


def test_what_is_live_can_be_undone_from_here(made: Release, cast: Cast, sign_in: SignIn) -> None:
    assert "/changes/1/undo/" not in sign_in(cast.lena).get(DELTA).content.decode()
    Change.objects.update(status=Change.Status.LIVE)
    assert "/changes/1/undo/" in sign_in(cast.lena).get(DELTA).content.decode()
    assert "/changes/1/undo/" not in sign_in(cast.dev).get(DELTA).content.decode()


def test_htmx_gets_the_fragment(made: Release, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).get(DELTA, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in page and 'id="delta"' in page


@pytest.mark.parametrize("names", ["nowhere..24.11", "production..99.9", "c999..c1000"])
def test_unknown_names_are_not_found(made: Release, cast: Cast, sign_in: SignIn, names: str) -> None:
    assert sign_in(cast.dev).get(f"/delta/{names}/").status_code == 404


def test_customers_do_not_see_it(made: Release, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.cleo).get(DELTA).status_code == 403
