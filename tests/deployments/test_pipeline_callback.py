"""What a pipeline calls back with: a true signature, once, in time, and nothing else."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from deployments import pipelines, targets
from deployments.models import Deployment, PipelineReport
from environments import variables
from environments.models import Environment
from tests.deployments.watched import candidate, environment

SECRET = "between-us-only"


@pytest.fixture
def deployment(cast):
    place = environment(cast.product)
    Environment.objects.filter(pk=place.pk).update(driver="pipeline")
    variables.set_variable(place, name="PIPELINE_SECRET", value=SECRET, is_secret=True, by=cast.ops)
    made = candidate(cast.product, "24.11")
    now = datetime.now(UTC)
    return Deployment.objects.create(
        product=cast.product,
        environment=place,
        candidate=made,
        digest=made.digest,
        status=Deployment.Status.RUNNING,
        requested_at=now,
        due_at=now,
    )


@pytest.fixture
def key(deployment):
    return targets.key_of(deployment, deployment.candidate)


def call(key: str, at: float | None = None, secret: str = SECRET, body: bytes | None = None, **said):
    """As a pipeline does it with curl and openssl."""
    body = json.dumps({"key": key, "status": "succeeded", **said}).encode() if body is None else body
    stamp = str(int(time.time() if at is None else at))
    headers = {"X-Lifecycle-Timestamp": stamp, "X-Lifecycle-Signature": pipelines.signature_of(secret, stamp, body)}
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/callbacks/pipeline/{key}/", body, content_type="application/json", headers=headers)


def test_a_signed_call_is_written_down_and_read_by_the_driver(key, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        answer = call(key, url="https://ci.example.org/7", text="Deployed \0 in 40 \ud800 s")
    assert answer.status_code == 200 and "sessionid" not in answer.cookies
    report = pipelines.report_of(key)
    assert report == ("succeeded", "https://ci.example.org/7", "Deployed \ufffd in 40 ? s")


@pytest.mark.parametrize("ending", ["-back", "-2", "-back-13"])
def test_the_way_back_and_every_further_try_may_call_too(key, ending):
    assert call(f"{key}{ending}").status_code == 200
    assert pipelines.report_of(f"{key}{ending}").status == "succeeded" and pipelines.report_of(key) is None


def test_the_signature_is_what_openssl_makes_of_it():
    """printf '1767225600.{"status": "running"}' | openssl dgst -sha256 -hmac key"""
    made = pipelines.signature_of("key", "1767225600", b'{"status": "running"}')
    assert made == "sha256=f717618482f844753b94eb7c41d8207f8f14a08a5ab49584ede22e42792ed0d9"


@pytest.mark.parametrize("at", [-301, 301])
def test_a_message_of_another_time_is_refused(key, at):
    assert call(key, at=time.time() + at).status_code == 403
    assert not PipelineReport.objects.exists()


def test_a_wrong_signature_an_unknown_key_and_no_secret_get_one_answer(deployment, key, cast):
    answers = [call(key, secret="guessed"), call(key.replace(str(deployment.pk), "999999")), call("nonsense")]
    bare = Client().post(f"/callbacks/pipeline/{key}/", b"{}", content_type="application/json")
    variables.remove_variable(deployment.environment, name="PIPELINE_SECRET", by=cast.ops)
    answers += [bare, call(key, secret=""), call(key)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, answers[0].content)}
    assert not PipelineReport.objects.exists()


def test_a_body_that_was_changed_is_refused(key):
    body = json.dumps({"key": key, "status": "failed"}).encode()
    stamp = str(int(time.time()))
    headers = {"X-Lifecycle-Timestamp": stamp, "X-Lifecycle-Signature": pipelines.signature_of(SECRET, stamp, body)}
    changed = body.replace(b"failed", b"succeeded")
    answer = Client().post(f"/callbacks/pipeline/{key}/", changed, content_type="application/json", headers=headers)
    assert answer.status_code == 403


def test_a_replay_has_no_effect_and_an_older_word_neither(key):
    now = time.time()
    assert call(key, at=now - 20, status="running", text="tests").status_code == 200
    assert call(key, at=now - 60, status="running", text="earlier").status_code == 200
    assert pipelines.report_of(key).text == "tests"
    assert call(key, at=now - 10, status="failed").status_code == 200
    assert call(key, at=now - 20, status="running", text="tests").status_code == 200
    assert call(key, at=now, status="succeeded").status_code == 200
    assert pipelines.report_of(key).status == "failed", "how it ended stays"
    assert PipelineReport.objects.count() == 1


def test_a_message_for_one_run_does_not_speak_for_another(key, deployment):
    other = key[:-8] + "11111111"
    body = json.dumps({"key": key, "status": "succeeded"}).encode()
    assert call(other, body=body).status_code == 422
    assert not PipelineReport.objects.exists()


def test_a_deployment_that_is_over_hears_nothing_more(key, deployment):
    Deployment.objects.filter(pk=deployment.pk).update(status="succeeded")
    assert call(key).status_code == 409


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nonsense", b'{"key": 1}', b'"\\ud800"', b"9" * 5000, b"[" * 5000 + b"]" * 5000]
)
def test_a_body_that_says_nothing_is_refused(key, body):
    assert call(key, body=body).status_code == 422


@pytest.mark.parametrize("said", [{"status": "fine"}, {"status": None}, {"url": "javascript:alert(1)"}])
def test_a_field_that_is_wrong_is_named(key, said):
    answer = call(key, **said)
    assert answer.status_code == 422 and answer.json()["detail"]


def test_more_than_64_kb_is_not_read(key):
    assert call(key, text="x" * 70_000).status_code == 413
    assert call(key, text="x" * 60_000).status_code == 200
    assert len(pipelines.report_of(key).text) == 4000


def test_only_post_is_answered(key):
    assert Client().get(f"/callbacks/pipeline/{key}/").status_code == 405


def test_time_is_an_argument(key):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    body = json.dumps({"key": key, "status": "running"}).encode()
    stamp = str(int(at.timestamp()))
    signature = pipelines.signature_of(SECRET, stamp, body)
    pipelines.receive(key, body, timestamp=stamp, signature=signature, at=at + timedelta(seconds=299))
    assert PipelineReport.objects.get().received_at == at
    with pytest.raises(pipelines.Unsigned):
        pipelines.receive(key, body, timestamp="²³", signature=signature, at=at)
