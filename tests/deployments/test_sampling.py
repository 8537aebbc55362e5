"""Sampling asks a real HTTP server, as it does in production."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from deployments import sampling, watch
from deployments.models import Sample
from environments.models import Environment
from lifecycle.models import Product
from tests.deployments.watched import MANIFEST, Shop, candidate, deployment, environment, serving


@pytest.fixture
def live() -> Iterator[Shop]:
    with serving(Shop()) as served:
        yield served


@pytest.fixture
def production(shop: Product, live: Shop) -> Environment:
    place = environment(shop, url=live.url)
    deployment(place, candidate(shop, "24.10"))
    return place


def test_it_keeps_what_grew_since_the_sample_before(production: Environment, live: Shop) -> None:
    live.visit("home", times=3)
    sampling.take(production)
    live.visit("home", times=2)
    live.visit("search", status=503)
    live.order(failed=True)
    second = sampling.take(production)
    assert second.ok and second.probe_ms is not None and second.error == ""
    assert second.deltas["requests"] == {"home": 2, "search": 1, "checkout": 1}
    assert second.deltas["errors"] == {"search": 1, "checkout": 1}
    assert (second.deltas["started"], second.deltas["failed"]) == ({"shop_checkouts": 1}, {"shop_checkouts": 1})


def test_a_restarted_process_is_not_taken_for_negative_traffic(production: Environment, live: Shop) -> None:
    live.visit("home", times=50)
    sampling.take(production)
    live.restart()
    live.visit("home", times=4)
    assert sampling.take(production).deltas["requests"] == {"home": 4}


def test_a_sample_that_failed_in_between_loses_no_traffic(production: Environment, live: Shop) -> None:
    live.visit("home", times=5)
    sampling.take(production)
    address, production.url = production.url, "http://127.0.0.1:1"
    assert not sampling.take(production).ok
    production.url = address
    live.visit("home", times=6)
    assert sampling.take(production).deltas["requests"] == {"home": 6}


def test_a_sick_application_is_a_bad_probe_with_its_reason(production: Environment, live: Shop) -> None:
    live.health = 503
    taken = sampling.take(production)
    assert not taken.ok and "503" in taken.error and taken.probe_ms is None


def test_nobody_there_is_an_answer_too(production: Environment) -> None:
    production.url = "http://127.0.0.1:1"
    taken = sampling.take(production)
    assert not taken.ok and taken.error and taken.counters == {} == taken.deltas


def test_unreadable_metrics_are_an_error_of_the_source_not_of_the_application(
    production: Environment, live: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "metrics", lambda: "<html>not metrics</html>")
    taken = sampling.take(production)
    assert taken.ok and taken.error and taken.counters == {}


def test_a_silent_application_costs_two_seconds_not_more(production: Environment) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        production.url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        started = time.monotonic()
        assert not sampling.take(production).ok
    assert time.monotonic() - started < 2 * sampling.TIMEOUT_SECONDS + 1


def test_an_application_without_metrics_is_only_probed(shop: Product, live: Shop) -> None:
    place = environment(shop, url=live.url)
    deployment(place, candidate(shop, "plain", manifest=MANIFEST.split("[metrics]")[0]))
    taken = sampling.take(place)
    assert taken.ok and taken.error == "" and taken.counters == {}


def test_only_production_is_sampled_and_only_when_its_time_has_come(production: Environment, shop: Product) -> None:
    environment(shop, Environment.Kind.STAGING, url=production.url)
    now = timezone.now()
    assert sampling.due(at=now) == [production]
    sampling.take(production, at=now)
    assert sampling.due(at=now + timedelta(seconds=1)) == []
    assert sampling.due(at=now + timedelta(seconds=shop.sample_seconds)) == [production]


def test_samples_are_taken_between_watches_too(production: Environment) -> None:
    watch.tick()
    assert Sample.objects.get().watch is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_sample_one_environment_at_the_same_time(production: Environment) -> None:
    found = []

    def other_worker() -> None:
        with sampling.alone(production) as mine:
            found.append(mine)
        connection.close()

    with sampling.alone(production) as mine:
        thread = threading.Thread(target=other_worker)
        thread.start()
        thread.join()
    assert (mine, found) == (True, [False])
