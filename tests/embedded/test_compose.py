"""docker-compose.yml, as far as it can be read; `make compose` also runs its commands."""

import pytest
import yaml

from lifecycle.embedded import compose_check, services
from lifecycle.embedded.compose_check import Unfit, filled, in_order


@pytest.fixture
def compose(pytestconfig) -> dict:
    return yaml.safe_load((pytestconfig.rootpath / "docker-compose.yml").read_text())["services"]


def test_it_has_every_service_with_a_health_check(compose):
    assert compose.keys() == {"postgres", "redis", "migrate", "keeper", "web", "deployer", "worker", "beat"}
    assert [name for name in compose if "healthcheck" not in compose[name]] == ["migrate"]


def test_a_service_comes_after_the_ones_it_depends_on(compose):
    order = in_order(compose)
    for name in compose:
        for needed in compose[name].get("depends_on", {}):
            assert order.index(needed) < order.index(name)


@pytest.mark.parametrize("name", ["deployer", "worker"])
def test_the_workers_are_started_as_under_the_launcher(compose, name):
    here = compose[name]["command"]
    there = list(getattr(services, name)({}).command)[2:]
    assert sorted(here) == sorted(there)


def test_checks_never_stand_in_front_of_a_rollback():
    assert not set(services.DEPLOY_QUEUES.split(",")) & set(services.WORK_QUEUES.split(","))
    assert "deploy" in services.DEPLOY_QUEUES.split(",")


def test_each_secret_fails_with_words_when_it_is_missing(compose):
    for specification in compose.values():
        for value in specification.get("environment", {}).values():
            filled(value, {})
    with pytest.raises(Unfit, match="without a message"):
        filled("${SECRET_KEY}", {})


def test_only_the_web_is_reachable_from_outside_and_only_on_the_loopback(compose):
    published = {name: compose[name]["ports"] for name in compose if "ports" in compose[name]}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_a_service_that_does_not_become_healthy_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(compose_check, "HEALTHY_SECONDS", 0)
    servers = compose_check.ThrowAway(tmp_path)
    with pytest.raises(Unfit, match="web is not healthy after 0 s: because"):
        compose_check.wait_until_healthy("web", ["CMD", "sh", "-c", "echo because; exit 1"], {}, servers)
