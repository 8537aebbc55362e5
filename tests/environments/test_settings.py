"""Variables and secrets, locks, holds and freezes of environments."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils import timezone

from environments import freezes, holds, locks, secrets, variables
from environments.models import Environment, Variable
from lifecycle.models import Event
from lifecycle.transitions import NotAllowed


@pytest.fixture
def staging(cast):
    return Environment.objects.create(product=cast.product, slug="staging", name="Staging", kind="staging", position=1)


def test_a_secret_is_encrypted_at_rest_and_opened_for_workers(cast, staging):
    variables.set_variable(staging, name="PAYMENT_KEY", value="s3cret", is_secret=True, by=cast.ops)
    variables.set_variable(staging, name="COLOUR", value="green", is_secret=False, by=cast.ops)
    assert "s3cret" not in Variable.objects.get(name="PAYMENT_KEY").value
    assert variables.opened(staging) == {"COLOUR": "green", "PAYMENT_KEY": "s3cret"}
    assert variables.secret_values(staging) == ["s3cret"]


def test_every_change_counts_the_configuration_up(cast, staging):
    variables.set_variable(staging, name="COLOUR", value="green", is_secret=False, by=cast.ops)
    variables.set_variable(staging, name="COLOUR", value="red", is_secret=False, by=cast.ops)
    variables.remove_variable(staging, name="COLOUR", by=cast.ops)
    variables.remove_variable(staging, name="COLOUR", by=cast.ops)
    assert Environment.objects.get().config_version == 4
    assert variables.opened(staging) == {}


def test_the_value_is_in_no_event(cast, staging):
    variables.set_variable(staging, name="PAYMENT_KEY", value="s3cret", is_secret=True, by=cast.ops)
    assert all("s3cret" not in str(event.data) for event in Event.objects.all())


@pytest.mark.parametrize("name", ["payment", "1A", "A-B", "", "PORT", "RELEASE"])
def test_a_name_that_cannot_be_is_refused(cast, staging, name):
    with pytest.raises(ValidationError):
        variables.set_variable(staging, name=name, value="x", is_secret=False, by=cast.ops)
    assert Environment.objects.get().config_version == 1


def test_a_secret_too_short_to_be_masked_is_refused(cast, staging):
    with pytest.raises(ValidationError):
        variables.set_variable(staging, name="PIN", value="123", is_secret=True, by=cast.ops)


def test_a_new_key_reads_what_the_old_one_wrote(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.SECRET_KEYS = [old]
    token = secrets.seal("s3cret")
    settings.SECRET_KEYS = [new, old]
    assert secrets.open_sealed(token) == "s3cret"
    settings.SECRET_KEYS = [new]
    with pytest.raises(NotAllowed):
        secrets.open_sealed(token)


def test_without_keys_nothing_is_stored(cast, staging, settings):
    settings.SECRET_KEYS = []
    with pytest.raises(ImproperlyConfigured):
        variables.set_variable(staging, name="PAYMENT_KEY", value="s3cret", is_secret=True, by=cast.ops)


def test_a_lock_ends_by_itself_or_by_hand(cast, staging):
    lock = locks.lock(staging, kind="hard", reason="Load test", hours=1, by=cast.ops)
    assert list(locks.in_force(staging)) == [lock]
    assert not locks.in_force(staging, at=timezone.now() + timedelta(hours=2))
    locks.unlock(lock, by=cast.ops)
    assert not locks.in_force(staging)


def test_a_hold_ends_by_itself(cast, staging):
    holds.hold(staging, by=cast.tess, minutes=30)
    assert holds.holder(staging) == cast.tess
    assert holds.holder(staging, at=timezone.now() + timedelta(minutes=31)) is None


def test_a_freeze_is_a_window(cast):
    now = timezone.now()
    freezes.freeze(
        cast.product,
        reason="Christmas",
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
        by=cast.ops,
    )
    found = freezes.frozen_by(cast.product)
    assert found.reason == "Christmas"
    assert freezes.frozen_by(cast.product, at=now + timedelta(hours=2)) is None
    freezes.lift_freeze(found, by=cast.ops)
    assert freezes.frozen_by(cast.product) is None


def test_a_freeze_ends_after_it_starts(cast):
    now = timezone.now()
    with pytest.raises(ValidationError):
        freezes.freeze(cast.product, reason="x", starts_at=now, ends_at=now, by=cast.ops)


def test_the_page_masks_secrets_and_only_devops_change_them(cast, sign_in, staging):
    ops = sign_in(cast.ops)
    data = {"name": "PAYMENT_KEY", "value": "s3cret", "is_secret": "on"}
    assert ops.post("/environments/staging/settings/variables/", data).status_code == 302
    page = ops.get("/environments/staging/settings/").content.decode()
    assert "PAYMENT_KEY" in page
    assert "s3cret" not in page
    assert sign_in(cast.dev).get("/environments/staging/settings/").status_code == 200
    assert sign_in(cast.dev).post("/environments/staging/settings/variables/", data).status_code == 403
    assert sign_in(cast.cleo).get("/environments/staging/settings/").status_code == 403
    assert ops.post("/environments/staging/settings/variables/", {"name": "x y"}).status_code == 422
    ops.post("/environments/staging/settings/variables/PAYMENT_KEY/remove/")
    assert not Variable.objects.exists()
    assert ops.get("/environments/moon/settings/").status_code == 404


def test_locks_and_freezes_are_set_in_the_browser(cast, sign_in, staging):
    ops = sign_in(cast.ops)
    assert ops.post("/environments/staging/settings/locks/", {"kind": "hard"}).status_code == 422
    ops.post("/environments/staging/settings/locks/", {"kind": "hard", "reason": "Load test", "hours": "1"})
    lock = staging.locks.get()
    assert "Load test" in ops.get("/environments/staging/settings/").content.decode()
    ops.post(f"/environments/staging/settings/locks/{lock.pk}/end/")
    assert not locks.in_force(staging)
    window = {"reason": "Christmas", "starts_at": "2099-12-20T10:00", "ends_at": "2099-12-27T10:00"}
    assert ops.post("/environments/freezes/", window | {"ends_at": "2099-12-19T10:00"}).status_code == 422
    ops.post("/environments/freezes/", window)
    assert "Christmas" in ops.get("/environments/freezes/").content.decode()
    ops.post(f"/environments/freezes/{cast.product.freezes.get().pk}/lift/")
    assert not cast.product.freezes.exists()
