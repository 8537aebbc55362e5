"""Each change of a variable is a version: it is shown with its author, compared, and taken back in one click."""

import pytest

from environments import variables
from environments.models import Environment, VariableVersion
from environments.secrets import MASK
from environments.variables import Configuration

SETTINGS = "/environments/staging/settings"


@pytest.fixture
def staging(cast):
    return Environment.objects.create(product=cast.product, slug="staging", name="Staging", kind="staging", position=1)


@pytest.fixture
def production(cast):
    facts = {"slug": "production", "name": "Production", "kind": "production", "position": 2}
    return Environment.objects.create(product=cast.product, **facts)


def put(environment, by, name, value, is_secret=False):
    variables.set_variable(environment, name=name, value=value, is_secret=is_secret, by=by)


def test_every_change_is_kept_with_its_author(cast, staging):
    put(staging, cast.ops, "COLOUR", "green")
    put(staging, cast.lena, "COLOUR", "red")
    variables.remove_variable(staging, name="COLOUR", by=cast.ops)
    rows = [
        (row.config_version, row.value, row.is_removed, row.changed_by) for row in variables.history(staging, "COLOUR")
    ]
    assert rows == [(4, "", True, cast.ops), (3, "red", False, cast.lena), (2, "green", False, cast.ops)]


def test_an_earlier_value_is_restored_as_a_new_version(cast, staging):
    put(staging, cast.ops, "PAYMENT_KEY", "first-key", is_secret=True)
    put(staging, cast.ops, "PAYMENT_KEY", "second-key", is_secret=True)
    variables.restore(VariableVersion.objects.get(config_version=2), by=cast.ops)
    assert variables.opened(staging) == {"PAYMENT_KEY": "first-key"}
    assert Environment.objects.get().config_version == 4


def test_restoring_a_removal_removes(cast, staging):
    put(staging, cast.ops, "COLOUR", "green")
    variables.remove_variable(staging, name="COLOUR", by=cast.ops)
    put(staging, cast.ops, "COLOUR", "red")
    variables.restore(VariableVersion.objects.get(is_removed=True), by=cast.ops)
    assert variables.opened(staging) == {}


def test_what_changed_since_a_version_is_told_by_name_with_secrets_masked(cast, staging):
    put(staging, cast.ops, "COLOUR", "green")
    put(staging, cast.ops, "PAYMENT_KEY", "first-key", is_secret=True)
    put(staging, cast.ops, "STAYS", "same")
    then = staging.config_version
    put(staging, cast.ops, "COLOUR", "red")
    put(staging, cast.ops, "PAYMENT_KEY", "second-key", is_secret=True)
    put(staging, cast.ops, "NEW", "1")
    told = {(row.name, row.was, row.now, row.kind) for row in variables.since(staging, then)}
    assert told == {
        ("COLOUR", "green", "red", "changed"),
        ("NEW", None, "1", "added"),
        ("PAYMENT_KEY", MASK, MASK, "changed"),
    }
    assert variables.opened_at(staging, then) == {"COLOUR": "green", "PAYMENT_KEY": "first-key", "STAYS": "same"}
    assert variables.between(Configuration(staging, then), Configuration(staging, then)) == []


def test_two_environments_are_compared_and_equal_secrets_are_equal(cast, staging, production):
    for environment in (staging, production):
        put(environment, cast.ops, "SAME_KEY", "one-key", is_secret=True)
    put(production, cast.ops, "PAYMENT_KEY", "live-key", is_secret=True)
    put(staging, cast.ops, "PAYMENT_KEY", "test-key", is_secret=True)
    put(staging, cast.ops, "DEBUG", "yes")
    told = [(row.name, row.was, row.now) for row in variables.delta(production, staging)]
    assert told == [("DEBUG", None, "yes"), ("PAYMENT_KEY", MASK, MASK)]


def test_the_history_is_a_page_and_restoring_is_one_click(cast, sign_in, staging):
    put(staging, cast.ops, "COLOUR", "green")
    put(staging, cast.ops, "COLOUR", "red")
    put(staging, cast.ops, "PAYMENT_KEY", "first-key", is_secret=True)
    ops = sign_in(cast.ops)
    page = ops.get(f"{SETTINGS}/variables/COLOUR/").content.decode()
    assert all(word in page for word in ("green", "red", str(cast.ops)))
    assert "first-key" not in ops.get(f"{SETTINGS}/variables/PAYMENT_KEY/").content.decode()
    assert ops.get(f"{SETTINGS}/variables/NEVER/").status_code == 404
    old = VariableVersion.objects.get(value="green")
    assert ops.post(f"{SETTINGS}/versions/{old.pk}/").status_code == 302
    assert variables.opened(staging)["COLOUR"] == "green"
    assert sign_in(cast.dev).post(f"{SETTINGS}/versions/{old.pk}/").status_code == 403


def test_an_earlier_secret_is_masked_in_logs_too_unless_its_key_is_gone(cast, staging):
    put(staging, cast.ops, "PAYMENT_KEY", "first-key", is_secret=True)
    put(staging, cast.ops, "PAYMENT_KEY", "second-key", is_secret=True)
    assert variables.secret_values(staging) == ["first-key", "second-key"]
    VariableVersion.objects.filter(config_version=2).update(value="sealed by a key that is gone")
    assert variables.secret_values(staging) == ["second-key"]
