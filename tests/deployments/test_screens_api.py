"""What the board, an environment's and a deployment's pages show and do is in the API beside them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deployments import creating, services
from deployments.models import Deployment, Watch
from environments import host_keys, locks
from environments.models import Environment, HostKey
from lifecycle import logs
from lifecycle.events import Machine
from lifecycle.models import Work
from releases.models import Change
from tests.cast import Cast
from tests.deployments.paper import Paper

BASE = "/api/v1/products/shop"
STAGING = f"{BASE}/environments/staging"


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


@pytest.fixture
def ops(paper: Paper, sign_in) -> Client:
    return sign_in(paper.cast.ops)


def ran(paper: Paper, place: str, candidate=None, **facts) -> Deployment:
    """What is recorded as running there."""
    found = candidate or paper.adopted
    usual = {"candidate": found, "digest": found.digest, "status": "succeeded"}
    times = dict.fromkeys(("requested_at", "due_at", "verified_at", "finished_at"), paper.now)
    rows = {**usual, **times, **facts}
    return Deployment.objects.create(product=paper.cast.product, environment=paper.environments[place], **rows)


def board(client: Client) -> dict:
    return client.get(f"{BASE}/board/").json()


def test_the_board_says_what_runs_where_and_what_may_move(paper: Paper, ops: Client):
    ran(paper, "production")
    ran(paper, "staging", paper.release.candidate, release=paper.release)
    locks.lock(paper.environments["staging"], kind="warning", reason="Load test.", hours=1, by=paper.cast.ops)
    found = board(ops)
    assert found["headline"] == "Release 24.11 is being tested"
    assert (found["release"], found["busy"], found["is_moving"]) == ("24.11", None, False)
    assert "approvals" in [gate["key"] for gate in found["gates"]]
    dev, staging, production = found["columns"]
    assert [dev["environment"], staging["environment"], production["environment"]] == ["dev", "staging", "production"]
    assert (dev["health"]["label"], dev["runs"], dev["between"]) == ("Empty", "", None)
    assert staging["runs"] == "24.11 @ bbbbbbb" and staging["between"]["action"] == "Promote"
    assert "Load test." in [note for note in staging["notes"] if note["tone"] == "warn"][0]["text"]
    assert [card["title"] for card in staging["changes"]] == ["Keep a wishlist"]
    assert "Waits for" in production["between"]["why_not"]


def test_the_board_shows_a_way_back_to_those_who_may_take_it(paper: Paper, ops: Client, sign_in):
    ran(paper, "production")
    ran(paper, "production", paper.release.candidate, release=paper.release, previous=paper.adopted)
    assert board(ops)["columns"][2]["way_back"] == "24.10+aaaaaaaa"
    assert board(sign_in(paper.cast.tess))["columns"][2]["way_back"] is None


def test_the_board_says_what_promote_would_do_or_why_not(paper: Paper, ops: Client):
    assert board(ops)["promotion"]["is_possible"] is False
    Change.objects.update(status="ready")
    type(paper.release).objects.update(status="dropped")
    promotion = board(ops)["promotion"]
    assert promotion["is_possible"] is True
    assert promotion["facts"] == ["C-1 Keep a wishlist"]


def test_the_board_shows_what_is_being_deployed(paper: Paper, ops: Client):
    Deployment.objects.filter(pk=ran(paper, "dev").pk).update(status="running", fence=1, verified_at=None)
    found = board(ops)
    assert found["busy"]["status"] == "running"
    assert found["columns"][0]["health"]["state"] == "busy"


@pytest.mark.parametrize("path", ["board/", "environments/staging/servers/", "environments/staging/work/"])
def test_customers_and_visitors_see_nothing_of_it(paper: Paper, sign_in, path: str):
    assert sign_in(paper.cast.cleo).get(f"{BASE}/{path}").status_code == 403
    assert sign_in(None).get(f"{BASE}/{path}").status_code in (401, 403)


def key(paper: Paper, fingerprint: str, at) -> HostKey:
    place = {"environment": paper.environments["staging"], "host": "web1", "port": 22}
    return HostKey.objects.create(**place, key="ssh-ed25519 AAAA", fingerprint=fingerprint, seen_at=at)


def test_a_servers_key_is_looked_at_confirmed_and_a_changed_one_is_marked(paper: Paper, ops: Client, sign_in):
    now = timezone.now()
    first = key(paper, "SHA256:first", now)
    assert ops.post(f"{STAGING}/servers/look/").status_code == 202
    assert Work.objects.filter(kind="host_key").count() == 1
    [shown] = ops.get(f"{STAGING}/servers/").json()
    assert (shown["host"], shown["confirmed"], shown["shown"]["id"]) == ("web1", None, first.pk)
    assert sign_in(paper.cast.dev).post(f"{STAGING}/servers/keys/{first.pk}/confirm/").status_code == 403
    assert ops.post(f"{STAGING}/servers/keys/{first.pk}/confirm/").json()["confirmed_by"] == "Ops"
    assert host_keys.pinned(paper.environments["staging"]) == {"web1:22": "ssh-ed25519 AAAA"}
    second = key(paper, "SHA256:second", now + timedelta(minutes=1))
    [changed] = sign_in(paper.cast.dev).get(f"{STAGING}/servers/").json()
    assert changed["is_changed"] and changed["shown"]["id"] == second.pk
    assert ops.post(f"{STAGING}/servers/keys/{first.pk}/confirm/").status_code == 409
    assert ops.post(f"{BASE}/environments/dev/servers/keys/{second.pk}/confirm/").status_code == 404


def test_an_environment_says_how_it_stands(paper: Paper, ops: Client):
    found = ops.get(f"{STAGING}/standing/").json()
    assert found["headline"] == "Nothing runs on Staging yet"
    assert (found["recorded"], found["promotes"]) == ("", "") and found["why_not"]
    ran(paper, "staging")
    facts = {"driver_settings": {"probe": ["true"]}, "probed_at": timezone.now(), "probed_release": "24.9+deadbeef"}
    Environment.objects.filter(slug="staging").update(probe_misses=2, **facts)
    found = ops.get(f"{STAGING}/standing/").json()
    assert found["headline"] == "Staging does not run what is recorded"
    assert (found["recorded"], found["answer"]["words"]) == ("24.10+aaaaaaaa", "24.9+deadbeef")
    assert found["notes"][0]["tone"] == "bad"
    assert found["why_it_stays"]


def test_the_last_command_and_its_log_are_read(paper: Paper, ops: Client):
    assert ops.get(f"{STAGING}/work/").status_code == 204
    facts = {"slug": "qa", "name": "Quality", "kind": "staging", "with_secrets": False}
    made = creating.create(paper.environments["staging"], by=paper.cast.ops, **facts)
    work = Work.objects.get(kind="create_environment")
    logs.Writer(work.log_key).info("one")
    logs.Writer(work.log_key).info("two")
    Work.objects.filter(pk=work.pk).update(status="failed", error="It ended with 3.")
    found = ops.get(f"{BASE}/environments/{made.slug}/work/").json()
    assert (found["status"], found["error"]) == ("failed", "It ended with 3.")
    assert [line["text"] for line in found["lines"]] == ["one", "two"]
    newer = ops.get(f"{BASE}/environments/{made.slug}/work/?after=1").json()
    assert [line["text"] for line in newer["lines"]] == ["two"]


def test_the_driver_is_read_by_those_who_may_change_it(paper: Paper, ops: Client, sign_in):
    wish = {"driver": "process", "driver_settings": {"port": 9300}}
    assert ops.put(f"{STAGING}/driver/", wish, content_type="application/json").status_code == 200
    found = ops.get(f"{STAGING}/driver/").json()
    assert (found["driver"], found["driver_settings"], found["config_version"]) == ("process", {"port": 9300}, 2)
    assert sign_in(paper.cast.dev).get(f"{STAGING}/driver/").status_code == 403


def test_a_deployment_says_what_became_of_it(paper: Paper, ops: Client):
    facts = {"release": paper.release, "previous": paper.adopted, "status": "failed", "error": "It ended with 1."}
    made = ran(paper, "production", paper.release.candidate, **facts)
    made.steps.create(key="migrate", position=1, status="failed")
    found = ops.get(f"{BASE}/deployments/{made.pk}/").json()
    assert found["headline"].startswith("Migrate")
    assert found["headline"].endswith("failed; Production still runs 24.10")
    assert found["why"].startswith("The database could not be migrated.")
    assert [change["title"] for change in found["changes"]] == ["Keep a wishlist"]
    assert (found["previous"], found["previous_id"]) == ("24.10+aaaaaaaa", paper.adopted.pk)
    assert (found["serves"]["old_words"], found["serves"]["moved"]) == ("serves everybody", 0)
    assert found["watch"] is None
    opened = {"opened_at": paper.now, "closes_at": paper.now, "next_sample_at": paper.now}
    watch = Watch.objects.create(product=paper.cast.product, deployment=made, release=paper.release, **opened)
    assert ops.get(f"{BASE}/deployments/{made.pk}/").json()["watch"] == watch.pk


def test_one_that_waits_says_what_a_stop_cannot_take_back(paper: Paper, ops: Client):
    Change.objects.update(migrations="contract")
    type(paper.release).objects.update(status="planned")
    made = services.request(paper.environments["dev"], paper.adopted, by=Machine("test"))
    rows = {"candidate": paper.release.candidate, "previous": paper.adopted, "digest": paper.release.candidate.digest}
    Deployment.objects.filter(pk=made.pk).update(**rows)
    found = ops.get(f"{BASE}/deployments/{made.pk}/").json()
    assert len(found["stopping"]) == 1 and "a repair has to be deployed" in found["stopping"][0]
    Deployment.objects.filter(pk=made.pk).update(status="cancelled")
    assert ops.get(f"{BASE}/deployments/{made.pk}/").json()["stopping"] == []


def test_the_newest_backup_is_named(paper: Paper, ops: Client):
    backup = f"{BASE}/environments/production/backup/"
    assert ops.get(backup).status_code == 204
    facts = {"release": paper.release, "previous": paper.adopted}
    made = ran(paper, "production", paper.release.candidate, **facts)
    made.steps.create(key="backup", position=1, status="done", detail="copy 7 at s3://backups")
    found = ops.get(backup).json()
    assert (found["words"], found["deployment"]) == ("copy 7 at s3://backups", made.pk)
    assert found["before"].startswith("24.11+")


def test_a_rollback_is_warned_of_what_keeps_others_away(paper: Paper, ops: Client):
    ran(paper, "production")
    ran(paper, "production", paper.release.candidate, release=paper.release)
    preview = f"{BASE}/environments/production/roll-back/preview/"
    assert ops.get(preview).json()["warnings"] == []
    locks.lock(paper.production, kind="hard", reason="Stocktaking.", hours=1, by=paper.cast.ops)
    [warning] = ops.get(preview).json()["warnings"]
    assert warning.startswith("Locked by Ops") and "Stocktaking." in warning
