"""What differs, as JSON: between any two environments, releases or candidates."""

from collections.abc import Callable

import pytest
from django.test import Client

from environments import variables
from environments.models import Delta, Environment
from lifecycle.models import User, Work
from releases.models import Release
from tests.cast import Cast
from tests.deployments.frozen import frozen, production

SignIn = Callable[[User | None], Client]
DELTA = "/api/v1/products/shop/delta"


@pytest.fixture
def made(cast: Cast) -> Release:
    return frozen(cast)


def test_it_is_asked_of_a_worker_once_and_answers_202_until_then(made: Release, cast: Cast, sign_in: SignIn) -> None:
    for _again in range(2):
        answer = sign_in(cast.dev).get(f"{DELTA}/production/24.11/")
        assert (answer.status_code, answer.json()["status"], answer.json()["commits"]) == (202, "queued", [])
    assert [row["title"] for row in answer.json()["changes"]] == ["Keep a wishlist"]
    assert Work.objects.filter(kind="delta").count() == 1


def test_it_tells_changes_commits_files_and_migrations(made: Release, cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.dev).get(f"{DELTA}/production/24.11/")
    commit = {"sha": "c" * 40, "subject": "wishlist: Keep products", "author": "Dev", "at": "", "change": "C-1"}
    path = "features/wishlist/migrations/0001_initial.py"
    Delta.objects.update(status="ready", commits=[commit], commit_count=3, files=[["M", path]], migrations=[path])
    answer = sign_in(cast.dev).get(f"{DELTA}/production/24.11/")
    body = answer.json()
    assert (answer.status_code, body["status"], body["error"]) == (200, "ready", "")
    assert (body["commits"], body["commit_count"]) == ([commit], 3)
    assert body["files"] == [{"status": "M", "path": path}]
    assert body["migrations"] == [{"path": path, "key": "", "is_changed": True}]
    assert (body["old"]["place"], body["new"]["candidate_id"]) == ("Production", made.candidate_id)
    assert body["changes"][0] | {"key": "C-1", "migrations": "none", "is_one_way": False} == body["changes"][0]
    assert "One press returns" in body["way_back"]
    assert body["headline"] == "One change; it can be taken out again"


def test_the_other_way_round_the_change_is_gone(made: Release, cast: Cast, sign_in: SignIn) -> None:
    base = f"c{made.candidate.base_id}"
    body = sign_in(cast.dev).get(f"{DELTA}/c{made.candidate_id}/{base}/").json()
    assert (body["changes"], [row["key"] for row in body["gone"]]) == ([], ["C-1"])


def test_two_environments_tell_their_variables_and_no_secret(made: Release, cast: Cast, sign_in: SignIn) -> None:
    facts = {"name": "PAYMENT_KEY", "is_secret": True, "by": cast.ops}
    variables.set_variable(production(), value="s3cret", **facts)
    answer = sign_in(cast.dev).get(f"{DELTA}/staging/production/")
    assert [row["name"] for row in answer.json()["variables"]] == ["PAYMENT_KEY"]
    assert b"s3cret" not in answer.content


def test_nothing_is_compared_where_nothing_runs_or_both_are_the_same(
    made: Release, cast: Cast, sign_in: SignIn
) -> None:
    Environment.objects.filter(kind="staging").update(slug="empty")
    nothing, same = (sign_in(cast.dev).get(f"{DELTA}/{pair}/") for pair in ("empty/24.11", "24.11/24.11"))
    assert (nothing.status_code, nothing.json()["old"]["candidate_id"], nothing.json()["status"]) == (
        200,
        None,
        "ready",
    )
    assert (same.status_code, same.json()["changes"]) == (200, [])
    assert same.json()["headline"] == "Release 24.11 and Release 24.11 are the same"
    assert not Delta.objects.exists()


def test_only_the_team_reads_it_and_unknown_names_are_404(made: Release, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.cleo).get(f"{DELTA}/production/24.11/").status_code == 403
    assert sign_in(cast.dev).get(f"{DELTA}/production/9.9/").status_code == 404
