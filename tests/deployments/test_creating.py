"""Environments that come and go: cloned, made ready by a declared command, deployed to, and taken down."""

import pytest
from django.core.exceptions import ValidationError

from deployments import creating, declared, driver_settings, running, services
from environments import variables
from environments.models import Environment
from lifecycle.models import LogLine
from lifecycle.transitions import NotAllowed
from tests.deployments.engine import MANIFEST, Shop

S = Environment.Status
COMMANDS = (
    MANIFEST
    + """
[create]
command = ["{python}", "step.py", "create"]
[destroy]
command = ["{python}", "step.py", "destroy"]
"""
)


@pytest.fixture
def qa(engine):
    """A clone of staging, where a release with create and destroy commands runs; no worker has seen it yet."""
    staging = engine.environment("staging")
    variables.set_variable(staging, name="COLOUR", value="green", is_secret=False, by=engine.cast.ops)
    variables.set_variable(staging, name="PAYMENT_KEY", value="s3cret-key", is_secret=True, by=engine.cast.ops)
    engine.deploy(staging, engine.candidate("one", **{"lifecycle.toml": COMMANDS}))
    return create(engine)


def create(engine, slug="qa", **facts):
    facts = {"name": "Quality", "kind": "staging", "with_secrets": True, **facts}
    return creating.create(engine.environment("staging"), slug=slug, by=engine.cast.ops, **facts)


def output(environment, *kinds):
    work = declared.newest(environment, *kinds)
    return "\n".join(LogLine.objects.filter(log=work.log_key).order_by("seq").values_list("text", flat=True))


def test_a_worker_makes_it_ready_with_the_declared_command(engine, qa):
    assert (qa.status, qa.position) == (S.CREATING, 2)
    engine.settle()
    qa.refresh_from_db()
    assert (qa.status, qa.status_note) == (S.READY, "")
    assert engine.steps_run(qa)[0].startswith("create one+")
    text = output(qa, creating.CREATE)
    assert "create of one+" in text
    assert "s3cret-key" not in text


def test_it_has_a_port_of_its_own_and_can_be_deployed_to_at_once(engine, qa):
    engine.settle()
    qa.refresh_from_db()
    ports = [place.driver_settings["port"] for place in engine.cast.product.environments.all()]
    assert len(set(ports)) == 4
    assert qa.url.endswith(f":{qa.driver_settings['port']}")
    engine.deploy(qa, running.current(engine.environment("staging")).candidate)
    assert engine.runs(qa) == "one"


def test_a_failing_command_leaves_it_broken_until_somebody_tries_again(engine, qa):
    fail = engine.data(qa) / "fail-create"
    fail.touch()
    engine.settle()
    qa.refresh_from_db()
    assert (qa.status, "exit code 1" in qa.status_note) == (S.BROKEN, True)
    fail.unlink()
    creating.retry(qa, by=engine.cast.ops)
    engine.settle()
    qa.refresh_from_db()
    assert (qa.status, qa.status_note) == (S.READY, "")


def test_what_is_not_ready_is_not_deployed_to(engine, qa):
    with pytest.raises(NotAllowed):
        services.request(qa, running.current(engine.environment("staging")).candidate, by=engine.cast.ops)


def test_secrets_come_along_only_if_somebody_says_so_and_never_from_production(engine, qa):
    assert variables.opened(qa) == {"COLOUR": "green", "PAYMENT_KEY": "s3cret-key"}
    assert variables.opened(create(engine, "bare", with_secrets=False)) == {"COLOUR": "green"}
    live = engine.production
    variables.set_variable(live, name="PAYMENT_KEY", value="live-key", is_secret=True, by=engine.cast.ops)
    facts = {"slug": "copy", "name": "Copy", "kind": "staging", "with_secrets": True}
    copy = creating.create(live, by=engine.cast.ops, **facts)
    assert variables.opened(copy) == {}
    assert (copy.sends_mail, copy.takes_payments) == (False, False)


@pytest.mark.parametrize("facts", [{"slug": "staging"}, {"slug": "new"}, {"slug": "live", "kind": "production"}])
def test_a_name_that_is_taken_and_a_second_production_are_refused(engine, facts):
    with pytest.raises(ValidationError):
        create(engine, **facts)
    assert engine.cast.product.environments.count() == 3


def test_it_is_taken_down_with_its_data_when_its_name_is_typed(engine, qa):
    engine.settle()
    qa.refresh_from_db()
    engine.deploy(qa, running.current(engine.environment("staging")).candidate)
    with pytest.raises(ValidationError):
        creating.destroy(qa, typed="staging", by=engine.cast.ops)
    creating.destroy(qa, typed="qa", by=engine.cast.ops)
    engine.settle()
    qa.refresh_from_db()
    assert (qa.status, qa.slug) == (S.GONE, f"qa-{qa.pk}")
    assert "destroy of one+" in output(qa, creating.DESTROY)
    assert engine.runs(qa) == ""
    assert not (engine.var / "apps" / "qa" / "data").exists()
    assert create(engine).slug == "qa"


def test_production_and_the_last_of_a_kind_stay(engine):
    for kind in ("production", "staging"):
        with pytest.raises(NotAllowed):
            creating.destroy(engine.environment(kind), typed=kind, by=engine.cast.ops)


def test_no_command_runs_with_the_address_of_the_real_database(engine, qa):
    engine.settle()
    qa.refresh_from_db()
    for place, spelling in ((engine.production, "postgres://a@127.0.0.1/shop"), (qa, "postgres://b@localhost/shop")):
        variables.set_variable(place, name="DATABASE_URL", value=spelling, is_secret=False, by=engine.cast.ops)
    creating.destroy(qa, typed="qa", by=engine.cast.ops)
    engine.settle()
    qa.refresh_from_db()
    assert (qa.status, "leads to the database of Production" in qa.status_note) == (S.BROKEN, True)
    assert not any(step.startswith("destroy") for step in engine.steps_run(qa))


def test_a_copy_goes_to_no_server_of_its_source(engine: Shop):
    servers = {"hosts": ["web1.shop.test"], "user": "shop", "folder": "/srv/shop", "restart": ["true"]}
    Environment.objects.filter(pk=engine.production.pk).update(driver="ssh", driver_settings=servers)
    made = creating.create(
        engine.production, slug="copy", name="Copy", kind="staging", with_secrets=False, by=engine.cast.ops
    )
    assert "hosts" not in made.driver_settings and made.driver_settings["folder"] == "/srv/shop"
    with pytest.raises(ValidationError, match="Production is in /srv/shop of web1.shop.test already"):
        driver_settings.set_driver(made, driver="ssh", driver_settings=servers, by=engine.cast.ops)
    other = servers | {"folder": "/srv/copy"}
    driver_settings.set_driver(made, driver="ssh", driver_settings=other, by=engine.cast.ops)
