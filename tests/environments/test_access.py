"""Who gets into what runs outside production: the key, the token, and where both are used."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments import targets
from environments import access, creation, variables
from environments.manifest import ManifestError, parse
from environments.models import Environment
from lifecycle.models import Event

DECLARED = '[access]\npath = "/preview/{token}"\n'


@pytest.fixture
def staging(cast):
    made = {
        kind: Environment.objects.create(
            product=cast.product, slug=kind, name=kind.title(), kind=kind, position=position, url="http://shop.test/"
        )
        for position, kind in enumerate(Environment.Kind.values)
    }
    return made["staging"]


@pytest.fixture
def closed(cast, staging):
    access.set_access(staging, access="token", by=cast.ops)
    return staging


def test_it_is_open_until_somebody_says_otherwise(cast, staging):
    assert access.variables(staging) == {}
    assert access.address(staging, DECLARED) == "http://shop.test/"


def test_closing_it_counts_the_configuration_and_keeps_one_sealed_key(cast, staging):
    before = staging.config_version
    access.set_access(staging, access="token", by=cast.ops)
    key = access.variables(staging)["ACCESS_KEY"]
    assert staging.config_version == before + 1
    assert len(key) == access.KEY_LENGTH
    assert key not in staging.access_key
    assert Event.objects.get(verb="environment.access_set").data["access"] == "token"
    access.set_access(staging, access="open", by=cast.ops)
    assert access.variables(staging) == {}
    access.set_access(staging, access="token", by=cast.ops)
    assert access.variables(staging)["ACCESS_KEY"] == key


def test_production_is_never_closed(cast, staging):
    production = Environment.objects.get(slug="production")
    with pytest.raises(ValidationError, match="open to its customers"):
        access.set_access(production, access="token", by=cast.ops)
    Environment.objects.filter(pk=production.pk).update(access="token", access_key="x")
    production.refresh_from_db()
    assert access.variables(production) == {}


def test_the_address_carries_a_fresh_short_token(closed):
    now = timezone.now()
    address = access.address(closed, DECLARED, at=now)
    assert address.startswith("http://shop.test/preview/")
    ends = int(address.rpartition("/")[2].partition(".")[0])
    assert timedelta(0) < timezone.datetime.fromtimestamp(ends, tz=now.tzinfo) - now <= timedelta(minutes=5)
    assert access.address(closed, DECLARED, at=now + timedelta(seconds=1)) != address


@pytest.mark.parametrize("manifest", ["", "[start]\ncommand = ['x']", "this is no toml ["])
def test_what_declares_no_way_in_is_opened_as_it_is(closed, manifest):
    assert access.address(closed, manifest) == "http://shop.test/"


def test_logs_mask_the_key_also_when_it_is_used_no_more(cast, closed):
    key = access.variables(closed)["ACCESS_KEY"]
    assert key in targets.secrets_of(closed)
    access.set_access(closed, access="open", by=cast.ops)
    assert key in targets.secrets_of(closed)


def test_nobody_sets_the_key_by_hand(cast, staging):
    with pytest.raises(ValidationError, match="sets ACCESS_KEY itself"):
        variables.set_variable(staging, name="ACCESS_KEY", value="mine", is_secret=False, by=cast.ops)


def test_a_copy_of_a_closed_environment_is_closed_by_a_key_of_its_own(cast, closed):
    copy = creation.clone(closed, slug="second", name="Second", kind="staging", with_secrets=True, by=cast.ops)
    assert copy.access == "token"
    assert access.variables(copy)["ACCESS_KEY"] != access.variables(closed)["ACCESS_KEY"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[access]\npath = "/preview/"\n', "line 2, access.path: must hold {token} once"),
        ('[access]\npath = "/{token}/{token}"\n', "must hold {token} once"),
        ('[access]\npath = "preview/{token}"\n', 'must begin with "/"'),
        ("[access]\n", "is required"),
        ('[access]\nkey = "x"\n', "unknown key"),
    ],
)
def test_a_wrong_declaration_is_named(text, complaint):
    with pytest.raises(ManifestError) as refusal:
        parse(text)
    assert complaint in str(refusal.value)


def test_the_settings_and_the_api_change_it_for_devops_only(cast, staging, sign_in):
    for who, status in ((cast.lena, 403), (cast.ops, 302)):
        answer = sign_in(who).post("/environments/staging/settings/access/", {"access": "token"})
        assert answer.status_code == status
    staging.refresh_from_db()
    assert staging.access == "token"
    api = "/api/v1/products/shop/environments/staging/access/"
    answer = sign_in(cast.ops).put(api, {"access": "open"}, content_type="application/json")
    assert answer.json()["access"] == "open"
    assert "access_key" not in answer.json()
    assert sign_in(cast.ops).put(api, {"access": "x"}, content_type="application/json").status_code == 422
    assert "ACCESS_KEY" in sign_in(cast.ops).get("/environments/staging/settings/").content.decode()


def test_the_teams_link_leads_there(cast, closed, sign_in):
    answer = sign_in(cast.tess).get("/environments/staging/open/")
    assert (answer.status_code, answer.url) == (302, "http://shop.test/")
    assert sign_in(cast.cleo).get("/environments/staging/open/").status_code == 403
    Environment.objects.update(url="")
    assert sign_in(cast.tess).get("/environments/staging/open/").status_code == 404
