"""The page of one environment, a new one, the emergency stop and a release that passes a freeze: in the browser."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments import creating, freeze_overrides, gates, services
from deployments.models import Deployment
from environments import freezes, locks, stops, variables
from environments.models import Environment, HostKey
from lifecycle import logs
from lifecycle.events import Machine
from lifecycle.models import LogLine, Work
from tests.deployments.paper import Paper

STAGING = "/environments/staging"


@pytest.fixture
def paper(cast):
    return Paper(cast)


@pytest.fixture
def ops(cast, sign_in):
    return sign_in(cast.ops)


def ran(paper, slug):
    """What is recorded as running there."""
    place = paper.environments[slug]
    facts = {"candidate": paper.adopted, "digest": paper.adopted.digest, "status": "succeeded"}
    times = dict.fromkeys(("requested_at", "due_at", "verified_at", "finished_at"), paper.now)
    return Deployment.objects.create(product=paper.cast.product, environment=place, **facts, **times)


def text(client, path):
    return client.get(path).content.decode()


def test_it_says_what_is_recorded_and_what_answers(paper, ops, sign_in):
    assert "Nothing runs on Staging yet" in text(ops, f"{STAGING}/")
    ran(paper, "staging")
    assert "Cannot verify" in text(ops, f"{STAGING}/")
    facts = {"driver_settings": {"probe": ["true"]}, "probed_at": timezone.now(), "probed_release": "24.9+deadbeef"}
    Environment.objects.filter(slug="staging").update(probe_misses=2, **facts)
    page = text(ops, f"{STAGING}/")
    assert "Staging does not run what is recorded" in page
    assert "24.9+deadbeef" in page
    assert sign_in(paper.cast.dev).get(f"{STAGING}/").status_code == 200
    assert sign_in(paper.cast.cleo).get(f"{STAGING}/").status_code == 403


def test_the_driver_is_checked_and_counts_as_configuration(paper, ops):
    wrong = {"driver": "process", "driver_settings": '{"prot": 1}'}
    answer = ops.post(f"{STAGING}/driver/", wrong)
    assert answer.status_code == 422
    assert "port" in answer.content.decode()
    assert ops.post(f"{STAGING}/driver/", wrong | {"driver_settings": "{"}).status_code == 422
    assert ops.post(f"{STAGING}/driver/", wrong | {"driver_settings": '{"port": 9300}'}).status_code == 302
    staging = Environment.objects.get(slug="staging")
    assert (staging.driver_settings, staging.config_version) == ({"port": 9300}, 2)


def test_a_new_environment_is_asked_for_and_a_worker_makes_it(paper, ops):
    data = {"source": "staging", "name": "Quality", "slug": "QA_1", "kind": "staging", "with_secrets": "on"}
    assert ops.post("/environments/new/", data | {"slug": "staging"}).status_code == 422
    assert ops.post("/environments/new/", data | {"kind": "production"}).status_code == 422
    assert ops.post("/environments/new/", data).url == "/environments/qa-1/"
    made = Environment.objects.get(slug="qa-1")
    assert (made.status, made.position) == ("creating", 2)
    assert Work.objects.filter(kind="create_environment", subject_id=made.pk).exists()
    assert "Being created" in text(ops, "/environments/qa-1/")


def test_it_is_destroyed_only_when_its_name_is_typed(paper, ops):
    facts = {"name": "Quality", "slug": "qa", "kind": "staging", "position": 5}
    Environment.objects.create(product=paper.cast.product, **facts)
    assert ops.post("/environments/qa/destroy/", {"typed": "staging"}).status_code == 422
    assert ops.post("/environments/qa/destroy/", {"typed": "qa"}).status_code == 302
    assert Environment.objects.get(slug="qa").status == "destroying"
    assert ops.post("/environments/production/destroy/", {"typed": "production"}).status_code == 409


def test_everything_is_stopped_and_every_page_of_the_team_says_so(paper, ops, sign_in):
    assert ops.post("/environments/stop/", {"reason": ""}).status_code == 422
    assert ops.post("/environments/stop/", {"reason": "Payments are doubled"}).status_code == 302
    assert stops.in_force(paper.cast.product).pulled_by == paper.cast.ops
    dev = sign_in(paper.cast.dev)
    for path in ("/environments/", "/releases/", "/inbox/"):
        assert "Payments are doubled" in text(dev, path)
    assert "Payments are doubled" not in text(sign_in(paper.cast.cleo), "/ideas/")
    assert dev.post("/environments/stop/lift/").status_code == 403
    assert sign_in(paper.cast.lena).post("/environments/stop/lift/", {"reason": "Found"}).status_code == 302
    assert "Payments are doubled" not in text(dev, "/environments/")


def test_a_key_of_a_server_is_confirmed_by_a_person(paper, ops):
    staging = paper.environments["staging"]
    Environment.objects.filter(pk=staging.pk).update(driver="ssh")
    facts = {"environment": staging, "host": "web1", "port": 22, "key": "ssh-ed25519 AAAA"}
    first = HostKey.objects.create(**facts, fingerprint="SHA256:first", seen_at=paper.now)
    assert "SHA256:first" in text(ops, f"{STAGING}/")
    ops.post(f"{STAGING}/keys/{first.pk}/confirm/")
    first.refresh_from_db()
    assert first.confirmed_by == paper.cast.ops
    HostKey.objects.create(**facts, fingerprint="SHA256:second", seen_at=paper.now + timedelta(minutes=1))
    assert "shows another key" in text(ops, f"{STAGING}/")
    ops.post(f"{STAGING}/keys/look/")
    assert Work.objects.filter(kind="host_key").exists()


def frozen(paper):
    now = timezone.now()
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    return freezes.freeze(paper.cast.product, reason="Christmas", by=paper.cast.ops, **times)


def is_open(paper):
    return next(gate for gate in gates.gates(paper.release) if gate.key == "no_freeze").is_open


def test_one_build_passes_one_freeze_when_somebody_answers_for_it(paper, cast, sign_in):
    frozen(paper)
    assert not is_open(paper)
    max_ = sign_in(cast.max)
    address = "/releases/24.11/override-freeze/"
    assert "Christmas" in text(max_, address)
    assert max_.post(address, {"reason": ""}).status_code == 422
    assert sign_in(cast.dev).post(address, {"reason": "x"}).status_code == 403
    assert max_.post(address, {"reason": "Payments are doubled"}).status_code == 302
    assert is_open(paper)
    paper.freeze("e" * 64)
    assert not is_open(paper)


def test_another_freeze_and_a_lock_need_another_word(paper, cast):
    first = frozen(paper)
    freeze_overrides.override(paper.release, by=cast.max, reason="Payments are doubled")
    locks.lock(paper.production, kind="hard", reason="Load test", hours=1, by=cast.ops)
    assert not is_open(paper)
    locks.unlock(locks.in_force(paper.production).get(), by=cast.ops)
    assert is_open(paper)
    freezes.lift_freeze(first, by=cast.ops)
    frozen(paper)
    assert not is_open(paper)


@pytest.mark.parametrize("hours", [-2, 0, 2])
def test_a_second_window_in_force_is_in_the_way_too(paper, cast, hours):
    first = frozen(paper)
    freeze_overrides.override(paper.release, by=cast.max, reason="Payments are doubled")
    times = {"starts_at": first.starts_at + timedelta(minutes=hours), "ends_at": first.ends_at + timedelta(hours=hours)}
    freezes.freeze(cast.product, reason="Audit", by=cast.ops, **times | {"ends_at": max(times["ends_at"], later())})
    assert not is_open(paper)
    freeze_overrides.override(paper.release, by=cast.max, reason="Payments are still doubled")
    assert is_open(paper)


def later():
    return timezone.now() + timedelta(minutes=5)


def test_a_freeze_is_written_in_the_products_time_and_changed(paper, cast, ops):
    cast.product.time_zone = "Asia/Tokyo"
    cast.product.save()
    window = {"reason": "Sale", "starts_at": "2099-12-20T10:00", "ends_at": "2099-12-21T10:00"}
    for _twice in range(2):
        assert ops.post("/environments/freezes/", window).status_code == 302
    made = cast.product.freezes.get()
    assert made.starts_at.isoformat() == "2099-12-20T01:00:00+00:00"
    page = text(ops, "/environments/freezes/")
    assert "Asia/Tokyo" in page
    assert "10:00" in page
    longer = window | {"ends_at": "2099-12-28T10:00"}
    assert ops.post(f"/environments/freezes/{made.pk}/", longer | {"ends_at": "2099-12-19T10:00"}).status_code == 422
    assert ops.post(f"/environments/freezes/{made.pk}/", longer).status_code == 302
    made.refresh_from_db()
    assert made.ends_at.isoformat() == "2099-12-28T01:00:00+00:00"


def test_a_place_that_is_being_destroyed_offers_nothing_to_change(paper, ops):
    staging = paper.environments["staging"]
    for value in ("one", "two"):
        variables.set_variable(staging, name="GREETING", value=value, is_secret=False, by=paper.cast.ops)
    facts = {"environment": staging, "host": "web1", "port": 22, "fingerprint": "SHA256:abc", "seen_at": paper.now}
    HostKey.objects.create(**facts)
    Environment.objects.filter(pk=staging.pk).update(driver="ssh", driver_settings={"hosts": ["web1"]})
    pages = (f"{STAGING}/", f"{STAGING}/settings/", f"{STAGING}/settings/variables/GREETING/")
    assert [page for page in pages if f'action="{STAGING}/' not in text(ops, page)] == []
    Environment.objects.filter(pk=staging.pk).update(status="destroying")
    assert [page for page in pages if f'action="{STAGING}/' in text(ops, page)] == []


def test_a_rehearsal_is_called_one_once(paper):
    words = "Rehearsal of a rollback of 24.11"
    facts = {"kind": Deployment.Kind.REHEARSAL, "reason": words, "by": Machine("rehearsal")}
    made = services.request(paper.environments["staging"], paper.release.candidate, **facts)
    assert LogLine.objects.filter(log=made.log_key).first().text.startswith(f"{words}, on Staging: 24.11")


def test_where_nobody_is_sure_the_headline_says_so_and_a_way_out_is_there(paper, ops, sign_in):
    ran(paper, "staging")
    way_out = f'href="{STAGING}/roll-back/"'
    assert way_out not in text(ops, f"{STAGING}/")
    Environment.objects.filter(slug="staging").update(state="unsure", probe_note="It gave no clear answer.")
    page = text(ops, f"{STAGING}/")
    assert "Nobody is sure what Staging runs" in page and way_out in page
    assert way_out not in text(sign_in(paper.cast.tess), f"{STAGING}/")


def test_a_commands_log_goes_on_until_it_has_ended_and_then_the_page_loads_anew(paper, ops):
    staging = paper.environments["staging"]
    facts = {"kind": creating.CREATE, "subject_id": staging.pk, "key": "create", "status": "claimed"}
    work = Work.objects.create(product=paper.cast.product, due_at=paper.now, requested_at=paper.now, **facts)
    logs.Writer(work.log_key).out("CREATE SCHEMA")
    going = ops.get(f"{STAGING}/log/?after=0")
    assert "CREATE SCHEMA" in going.content.decode() and "HX-Refresh" not in going
    Work.objects.filter(pk=work.pk).update(status="succeeded")
    assert ops.get(f"{STAGING}/log/?after=1")["HX-Refresh"] == "true"
