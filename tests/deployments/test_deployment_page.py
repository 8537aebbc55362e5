"""The page of one deployment, its log, the lists, and the buttons on them."""

import html
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from deployments.models import Deployment, Step
from environments.models import Environment
from lifecycle import live_log, logs
from lifecycle.models import User
from tests.cast import Cast
from tests.deployments.watched import candidate, deployment, environment, release

SignIn = Callable[[User | None], Client]
S = Deployment.Status


@pytest.fixture
def production(cast: Cast) -> Environment:
    return environment(cast.product)


@pytest.fixture
def before(cast: Cast, production: Environment) -> Deployment:
    return deployment(production, candidate(cast.product, "24.10"))


@pytest.fixture
def running(cast: Cast, production: Environment, before: Deployment) -> Deployment:
    """24.11 on its way to production, in its second step."""
    made = deployment(
        production,
        release(cast, "24.11", "frozen"),
        status=S.RUNNING,
        previous=before.candidate,
        requested_by=cast.max,
        finished_at=None,
        verified_at=None,
    )
    Step.objects.create(deployment=made, key="prepare", position=0, status="done", started_at=made.started_at)
    Step.objects.create(deployment=made, key="migrate", position=1, status="running", started_at=made.started_at)
    Step.objects.create(deployment=made, key="switch", position=2)
    logs.Writer(made.log_key).info("Max asked for a deployment.")
    return made


def fail(made: Deployment) -> None:
    made.steps.filter(key="migrate").update(status="failed", finished_at=made.started_at)
    logs.Writer(made.log_key).error("django.db.utils.OperationalError: lock timeout")
    Deployment.objects.filter(pk=made.pk).update(status=S.FAILED, error="exit code 1", finished_at=made.started_at)


def url(made: Deployment, page: str = "") -> str:
    return f"/deployments/{made.pk}/{page}"


def test_the_headline_says_what_happens_now(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).get(url(running)).content.decode()
    assert "24.11 is on its way to Production: migrate the database" in page
    assert "Max asked for a deployment." in page and "log-cursor" in page


def test_a_failed_one_says_why_in_plain_words_before_the_log(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    fail(running)
    page = sign_in(cast.ops).get(url(running)).content.decode()
    assert "Migrate the database failed; Production still runs 24.10" in page
    assert page.index("Nothing was switched") < page.index('role="log"')
    assert "lock timeout" in page and "not reached" in page and "Try again" in page
    assert "log-cursor" not in page


def test_a_finished_one_leads_to_nothing_more_to_stop(before: Deployment, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.ops).get(url(before)).content.decode()
    assert "24.10 runs on Production since" in page and "Stop it" not in page


def test_customers_do_not_see_deployments(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    for page in ("", "page/log/", "log/", "log.txt"):
        assert sign_in(cast.cleo).get(url(running, page)).status_code == 403
    assert sign_in(None).get(url(running)).status_code == 302
    assert sign_in(cast.ops).get("/deployments/999999/").status_code == 404


def test_the_log_goes_on_behind_what_was_shown(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    logs.Writer(running.log_key).out("Applying gifts.0001_initial")
    for log in ("page/log/", "log/"):
        page = sign_in(cast.dev).get(url(running, f"{log}?after=1")).content.decode()
        assert "Applying gifts.0001_initial" in page and "Max asked" not in page and "after=2" in page


def test_what_moves_comes_with_the_lines_so_that_it_cannot_be_missed(
    running: Deployment, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.dev)
    cursor = cursor_in(client.get(url(running)).content.decode())
    fail(running)
    page = client.get(cursor).content.decode()
    assert "lock timeout" in page and "log-cursor" not in page
    for piece in ("live", "progress", "why"):
        assert re.search(rf'id="{piece}"[^>]*hx-swap-oob="true"', page), piece
    assert "Migrate the database failed; Production still runs 24.10" in page


def cursor_in(page: str) -> str:
    return html.unescape(re.search(r'hx-get="([^"]+/log/[^"]+)"', page).group(1))


def test_an_idle_log_costs_no_statement(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    cursor = cursor_in(sign_in(cast.dev).get(url(running, "log/?after=0")).content.decode())
    with CaptureQueriesContext(connection) as queries:
        answer = sign_in(None).get(cursor)
    assert (answer.status_code, len(queries)) == (204, 0)


def test_the_output_of_a_command_costs_one_statement(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    cursor = cursor_in(sign_in(cast.dev).get(url(running, "log/?after=0")).content.decode())
    logs.Writer(running.log_key).out("Applying gifts.0001_initial")
    with CaptureQueriesContext(connection) as queries:
        answer = sign_in(None).get(cursor)
    page = answer.content.decode()
    assert len(queries) == 1 and "Applying gifts" in page and "HX-Trigger" not in answer
    assert "after=2" in cursor_in(page)


def test_what_lifecycle_says_and_the_end_are_looked_up_by_the_page(
    running: Deployment, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.dev)
    cursor = cursor_in(client.get(url(running, "log/?after=0")).content.decode())
    logs.Writer(running.log_key).ok("migrate: exit code 0")
    assert client.get(cursor)["HX-Trigger"] == "deployment-moved"
    assert sign_in(None).get(cursor).status_code == 302, "whoever is not signed in"
    quiet = cursor_in(client.get(cursor).content.decode())
    assert client.get(quiet).status_code == 204
    Deployment.objects.filter(pk=running.pk).update(status=S.FAILED)
    logs.nudge(running.log_key)
    assert "log-cursor" not in client.get(quiet).content.decode()


def test_a_cursor_is_trusted_for_a_minute_and_at_its_own_address(
    running: Deployment, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = cursor_in(sign_in(cast.dev).get(url(running, "log/?after=0")).content.decode())
    elsewhere = cursor.replace(f"/{running.pk}/", f"/{running.pk + 1}/")
    assert sign_in(None).get(elsewhere).status_code == 302
    assert sign_in(None).get(cursor).status_code == 204
    monkeypatch.setattr(live_log, "TRUSTED_SECONDS", -1)
    assert sign_in(None).get(cursor).status_code == 302


def test_a_forged_cursor_is_only_asked_of_the_database(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.dev).get(url(running, "log/?after=1&key=forged"))
    assert answer.status_code == 200 and "log-cursor" in answer.content.decode()


def test_the_log_of_an_ended_one_stops_asking(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    fail(running)
    page = sign_in(cast.dev).get(url(running, "log/?after=1")).content.decode()
    assert "lock timeout" in page and "log-cursor" not in page


def test_the_raw_log_is_plain_text(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.dev).get(url(running, "log.txt"))
    assert answer["Content-Type"].startswith("text/plain") and b"Max asked for a deployment." in answer.content


def test_devops_stop_it_with_a_reason(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.ops).post(url(running, "abort/"), {"reason": "Wrong release"})
    running.refresh_from_db()
    assert answer.status_code == 302 and running.abort_requested_at is not None


def test_stopping_without_a_reason_changes_nothing(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.ops).post(url(running, "abort/"), {"reason": " "})
    running.refresh_from_db()
    assert answer.status_code == 422 and "Say why" in answer.content.decode()
    assert running.abort_requested_at is None


def test_what_has_ended_cannot_be_stopped(before: Deployment, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.ops).post(url(before, "abort/"), {"reason": "Too late"}).status_code == 409


def test_developers_neither_stop_nor_retry(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.dev).post(url(running, "abort/"), {"reason": "x"}).status_code == 403
    assert sign_in(cast.dev).post(url(running, "retry/")).status_code == 403


def test_a_running_one_cannot_be_tried_again(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.ops).post(url(running, "retry/")).status_code == 409


def test_trying_again_makes_a_new_deployment(cast: Cast, sign_in: SignIn) -> None:
    staging = environment(cast.product, Environment.Kind.STAGING)
    failed = deployment(staging, candidate(cast.product, "staging 3"), status=S.FAILED)
    answer = sign_in(cast.ops).post(url(failed, "retry/"))
    again = Deployment.objects.exclude(pk=failed.pk).get()
    assert answer["Location"] == url(again) and again.candidate == failed.candidate


def test_the_list_pages_by_keyset(cast: Cast, production: Environment, sign_in: SignIn) -> None:
    made = candidate(cast.product, "24.10")
    rows = [deployment(production, made) for _ in range(27)]
    client = sign_in(cast.dev)
    first = client.get("/deployments/").content.decode()
    assert f"?before={rows[2].pk}" in first and f"/deployments/{rows[1].pk}/" not in first
    second = client.get(f"/deployments/?before={rows[2].pk}", headers={"hx-request": "true"}).content.decode()
    assert f"/deployments/{rows[1].pk}/" in second and "<html" not in second


def test_an_environment_has_a_history(before: Deployment, cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.dev).get("/environments/production/history/").content.decode()
    assert "Production runs 24.10" in page
    assert sign_in(cast.dev).get("/environments/nowhere/history/").status_code == 404


def test_a_stranger_finds_no_deployment_of_another_product(running: Deployment, cast: Cast, sign_in: SignIn) -> None:
    other = type(cast.product).objects.create(name="Other", slug="other")
    assert sign_in(cast.ops).get(f"/p/{other.slug}/deployments/{running.pk}/").status_code in (403, 404)
