"""Choosing when a release goes live: on the page in the product's time zone, and over the API."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from deployments import approvals, claims, recovery, ringing, rollout, schedules, services, stopping, times
from deployments.models import Deployment
from environments import freezes
from environments.models import Freeze
from lifecycle import jobs
from lifecycle.models import Event, Role
from lifecycle.transitions import NotAllowed
from releases.models import Approval, Release
from tests.cast import Cast
from tests.deployments.engine import log_of
from tests.deployments.paper import Paper

BASE = "/api/v1/products/shop"
S = Deployment.Status
HOUR = timedelta(hours=1)
START = timezone.now().replace(second=0, microsecond=0)


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def tonight(hours: float = 2) -> datetime:
    return START + hours * HOUR


def approve(paper: Paper) -> None:
    approvals.approve(paper.release, by=paper.cast.max, role=Role.MANAGER)


def the_deployment(paper: Paper) -> Deployment:
    return Deployment.objects.get(environment=paper.production, release=paper.release)


def call(client: Client, method: str, path: str, **data: object):
    return getattr(client, method)(f"{BASE}/{path}", data or None, content_type="application/json")


def test_with_the_last_yes_it_stands_in_line_for_its_time(paper: Paper):
    assert schedules.choose(paper.release, due_at=tonight(), expires_at=tonight(3), by=paper.cast.ops) is None
    approve(paper)
    made = the_deployment(paper)
    assert (made.status, made.due_at, made.expires_at) == (S.QUEUED, tonight(), tonight(3))
    assert Event.objects.filter(verb="release.time_chosen").exists()


def test_an_approved_release_is_put_in_line_at_once_and_moved_when_the_time_is(paper: Paper):
    approve(paper)
    first = the_deployment(paper)
    stopping.abort(first, by=paper.cast.ops)
    second = schedules.choose(paper.release, due_at=tonight(), by=paper.cast.ops)
    third = schedules.choose(paper.release, due_at=tonight(4), by=paper.cast.ops)
    assert second and third
    second.refresh_from_db()
    assert (second.status, third.status, third.due_at) == (S.SUPERSEDED, S.QUEUED, tonight(4))


def test_taking_the_time_back_cancels_what_waits_for_it(paper: Paper):
    schedules.choose(paper.release, due_at=tonight(), by=paper.cast.ops)
    approve(paper)
    schedules.forget(paper.release, by=paper.cast.lena)
    assert the_deployment(paper).status == S.CANCELLED
    assert times.chosen(paper.release) is None


def test_a_freeze_at_that_time_counts_and_one_before_does_not(paper: Paper):
    now = timezone.now()
    freezes.freeze(paper.cast.product, reason="Sale", starts_at=now - HOUR, ends_at=now + HOUR, by=paper.cast.ops)
    schedules.choose(paper.release, due_at=tonight(), by=paper.cast.ops)
    approve(paper)
    assert the_deployment(paper).status == S.QUEUED
    schedules.forget(paper.release, by=paper.cast.ops)
    freezes.freeze(paper.cast.product, reason="Holiday", starts_at=tonight(5), ends_at=tonight(9), by=paper.cast.ops)
    assert schedules.choose(paper.release, due_at=tonight(6), by=paper.cast.ops) is None


def test_with_a_latest_time_it_begins_when_the_freeze_is_over(paper: Paper):
    freezes.freeze(paper.cast.product, reason="Sale", starts_at=START, ends_at=tonight(3), by=paper.cast.ops)
    freezes.freeze(paper.cast.product, reason="Holiday", starts_at=tonight(3), ends_at=tonight(4), by=paper.cast.ops)
    schedules.choose(paper.release, due_at=tonight(), expires_at=tonight(5), by=paper.cast.ops)
    approve(paper)
    assert the_deployment(paper).due_at == tonight(4)


def test_a_freeze_until_its_latest_time_keeps_it_out_of_the_line(paper: Paper):
    freezes.freeze(paper.cast.product, reason="Sale", starts_at=START, ends_at=tonight(5), by=paper.cast.ops)
    schedules.choose(paper.release, due_at=tonight(), expires_at=tonight(5), by=paper.cast.ops)
    approve(paper)
    assert not Deployment.objects.filter(environment=paper.production).exists()


def frozen_when_its_time_comes(paper: Paper, **more: datetime) -> Deployment:
    """Its time has come, and a freeze was set after it stood in line."""
    schedules.choose(paper.release, due_at=tonight(), **more, by=paper.cast.ops)
    approve(paper)
    Deployment.objects.update(due_at=timezone.now())
    window = {"starts_at": START - HOUR, "ends_at": START + HOUR}
    freezes.freeze(paper.cast.product, reason="Payments are slow.", **window, by=paper.cast.ops)
    return the_deployment(paper)


def test_one_that_expires_waits_while_a_freeze_lasts_and_says_so_once(paper: Paper, sign_in):
    made = frozen_when_its_time_comes(paper, expires_at=tonight(5))
    assert claims.claim(paper.production) is None
    assert claims.claim(paper.production) is None
    made.refresh_from_db()
    assert made.status == S.QUEUED
    assert log_of(made).count("It waits.") == 1 and "Payments are slow" in log_of(made)
    page = sign_in(paper.cast.ops).get(f"/deployments/{made.pk}/").content.decode()
    assert "It waits." in page and "It expires" in page
    Freeze.objects.all().delete()
    lease = claims.claim(paper.production)
    assert lease is not None and (lease.row.status, lease.row.error) == (S.CLAIMED, "")


def test_waiting_rings_for_nobody_and_lets_those_behind_it_pass(paper: Paper, monkeypatch):
    made = frozen_when_its_time_comes(paper, expires_at=tonight(5))
    rung: list[int] = []
    monkeypatch.setattr(jobs, "doorbell", lambda _task, pk, **_more: rung.append(pk))
    rollout.execute(made.pk)
    assert rung == []
    assert ringing.ring_due() == rung == [made.pk]
    behind = Deployment.objects.get(pk=made.pk)
    behind.pk, behind.candidate, behind.digest, behind.expires_at = None, paper.adopted, paper.adopted.digest, None
    behind.save(force_insert=True)
    lease = claims.claim(paper.production)
    assert lease is not None and lease.row.pk == behind.pk


def test_nobody_is_rung_for_what_stands_behind_one_that_runs(paper: Paper):
    made = frozen_when_its_time_comes(paper, expires_at=tonight(5))
    Freeze.objects.all().delete()
    assert claims.claim(paper.production) is not None
    behind = Deployment.objects.get(pk=made.pk)
    behind.pk, behind.status = None, S.QUEUED
    behind.save(force_insert=True)
    assert ringing.ring_due() == []


def test_one_that_does_not_expire_ends_with_the_reason(paper: Paper):
    made = frozen_when_its_time_comes(paper)
    assert claims.claim(paper.production) is None
    made.refresh_from_db()
    assert made.status == S.FAILED and "Payments are slow" in made.error


def test_a_gate_that_does_not_open_by_itself_ends_it_also_during_a_freeze(paper: Paper):
    made = frozen_when_its_time_comes(paper, expires_at=tonight(5))
    Approval.objects.update(withdrawn_at=timezone.now())
    assert claims.claim(paper.production) is None
    made.refresh_from_db()
    assert made.status == S.FAILED


def test_what_expires_says_what_it_had_waited_for(paper: Paper):
    made = frozen_when_its_time_comes(paper, expires_at=tonight(5))
    claims.claim(paper.production)
    Deployment.objects.update(expires_at=timezone.now())
    recovery._expire()
    made.refresh_from_db()
    assert made.status == S.EXPIRED and "could not begin before" in made.error and "Payments are slow" in made.error


def test_a_time_that_is_over_ships_nothing_by_itself(paper: Paper):
    schedules.choose(paper.release, due_at=tonight(), expires_at=tonight(3), by=paper.cast.ops)
    before = timezone.now()
    paper.release.shipping_time.__class__.objects.update(due_at=before - 2 * HOUR, expires_at=before - HOUR)
    approve(paper)
    assert not Deployment.objects.filter(environment=paper.production).exists()
    with pytest.raises(NotAllowed, match="is over: choose another one"):
        services.ship(paper.release, by=paper.cast.ops)


def test_a_release_that_is_out_needs_no_time(paper: Paper):
    Release.objects.update(status="live")
    with pytest.raises(NotAllowed, match="needs no time"):
        schedules.choose(paper.release, due_at=tonight(), by=paper.cast.ops)
    with pytest.raises(ValidationError):
        schedules.choose(paper.release, due_at=tonight(-2), by=paper.cast.ops)


def test_the_form_reads_and_shows_the_products_own_time(paper: Paper, sign_in):
    product = paper.cast.product
    product.time_zone = "Asia/Tokyo"
    product.save()
    client, page = sign_in(paper.cast.ops), f"/releases/{paper.release.version}/time/"
    typed = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT20:00")
    answer = client.post(page, {"due_at": typed, "expires_at": ""})
    assert answer.status_code == 302, answer.content
    assert times.chosen(paper.release).due_at.strftime("%H:%M") == "11:00"
    shown = client.get(page).content.decode()
    assert f'value="{typed}"' in shown
    assert "Asia/Tokyo" in shown
    assert "Change the time" in client.get(f"/releases/{paper.release.version}/cockpit/").content.decode()
    assert client.post(f"{page}forget/").status_code == 302
    assert times.chosen(paper.release) is None


def test_an_end_before_the_beginning_is_said_beside_its_field_and_nothing_is_lost(paper: Paper, sign_in):
    begin, end = tonight(5).strftime("%Y-%m-%dT%H:%M"), tonight(4).strftime("%Y-%m-%dT%H:%M")
    url = f"/releases/{paper.release.version}/time/"
    answer = sign_in(paper.cast.ops).post(url, {"due_at": begin, "expires_at": end})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "It must be later than the time at which it begins." in text
    assert begin in text and end in text


def test_the_deployment_page_and_the_board_say_when(paper: Paper, sign_in):
    schedules.choose(paper.release, due_at=tonight(), expires_at=tonight(3), by=paper.cast.ops)
    approve(paper)
    client, made = sign_in(paper.cast.ops), the_deployment(paper)
    for page in (f"/deployments/{made.pk}/", "/environments/"):
        assert "at the latest" in client.get(page).content.decode(), page


def test_the_same_by_api(paper: Paper, sign_in):
    client, path = sign_in(paper.cast.ops), f"releases/{paper.release.version}/shipping-time/"
    assert call(client, "get", path).status_code == 204
    chosen = call(client, "put", path, due_at=tonight().isoformat())
    assert chosen.status_code == 200, chosen.content
    wrong = call(client, "put", path, due_at=tonight().isoformat(), expires_at=tonight(1).isoformat())
    assert wrong.status_code == 422 and list(wrong.json()["errors"]) == ["expires_at"]
    assert call(sign_in(paper.cast.tess), "put", path, due_at=tonight().isoformat()).status_code == 403
    assert call(sign_in(paper.cast.tess), "get", path).json()["expires_at"] is None
    assert call(sign_in(paper.cast.ops), "delete", path).status_code == 204


def test_a_deployment_is_scheduled_stopped_and_tried_again_by_api(paper: Paper, sign_in):
    client = sign_in(paper.cast.ops)
    wish = {"environment": "dev", "candidate_id": paper.adopted.pk, "due_at": tonight().isoformat()}
    made = call(client, "post", "deployments/", **wish)
    assert made.status_code == 201, made.content
    body = made.json()
    assert datetime.fromisoformat(body["due_at"]) == tonight()
    early = call(client, "post", f"deployments/{body['id']}/retry/")
    assert (early.status_code, early.json()["detail"]) == (409, "It has not ended yet.")
    assert call(client, "post", f"deployments/{body['id']}/abort/", reason="Not today.").json()["status"] == "cancelled"
    ended = call(client, "post", f"deployments/{body['id']}/abort/", reason="Again.")
    assert (ended.status_code, ended.json()["detail"]) == (409, "It has ended.")
    again = call(client, "post", f"deployments/{body['id']}/retry/")
    assert (again.status_code, again.json()["status"]) == (201, "queued")
    none = call(client, "post", "environments/dev/roll-back/", reason="Faulty.")
    assert none.status_code == 409 and "Nothing was verified" in none.json()["detail"]


def test_the_emergency_stop_by_api(paper: Paper, sign_in):
    client = sign_in(paper.cast.max)
    assert call(client, "post", "emergency-stop/", reason="").status_code == 422
    assert call(client, "post", "emergency-stop/", reason="x" * 301).status_code == 422
    assert call(client, "post", "emergency-stop/", reason="Payments fail.").status_code == 201
    wish = {"environment": "dev", "candidate_id": paper.adopted.pk}
    refused = call(sign_in(paper.cast.ops), "post", "deployments/", **wish)
    assert refused.status_code == 409
    assert "Max pulled the emergency stop: Payments fail." in refused.json()["detail"]
    assert call(sign_in(paper.cast.dev), "delete", "emergency-stop/").status_code == 403
    assert call(sign_in(paper.cast.max), "delete", "emergency-stop/").status_code == 204
    assert call(client, "get", "emergency-stop/").status_code == 204
