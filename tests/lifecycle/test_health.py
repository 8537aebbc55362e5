"""Liveness touches nothing; readiness names the part that does not answer."""

import pytest
from django.test import Client

from lifecycle import heartbeats

PARTS = ("deployer", "worker", "beat")


def all_beat() -> None:
    heartbeats.worker(heartbeats.QUEUE_OF)
    heartbeats.beat()


def test_this_process_answers_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_it_is_ready_when_every_part_answers(client: Client) -> None:
    all_beat()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": True, "broker": True, **dict.fromkeys(PARTS, True)}


@pytest.mark.django_db
def test_it_is_not_ready_without_worker_and_beat_and_says_so(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "database": True, "broker": True, **dict.fromkeys(PARTS, False)}


@pytest.mark.django_db
def test_it_is_not_ready_without_the_broker(client: Client, settings: object) -> None:
    all_beat()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["broker"] is False


@pytest.mark.django_db
def test_neither_needs_a_product_or_a_person(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):
        client.get("/healthz")
    with django_assert_num_queries(2):
        client.get("/readyz")
