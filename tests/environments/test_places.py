"""Order, promotion rule, what is real, and what differs from production."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from environments import differences, places, variables
from environments.models import Environment
from lifecycle.models import Event

ADDRESS = "postgresql://shop:pw@db.example.com/shop"


@pytest.fixture
def row(cast):
    """dev, qa, staging, production."""
    kinds = (("dev", "dev"), ("qa", "dev"), ("staging", "staging"), ("production", "production"))
    return [
        Environment.objects.create(product=cast.product, slug=slug, name=slug.title(), kind=kind, position=position)
        for position, (slug, kind) in enumerate(kinds)
    ]


def order(cast):
    return list(cast.product.environments.values_list("slug", flat=True))


def test_they_change_places_one_by_one(cast, row):
    places.move(row[2], earlier=True, by=cast.ops)
    assert order(cast) == ["dev", "staging", "qa", "production"]
    places.move(row[0], earlier=True, by=cast.ops)
    places.move(row[3], earlier=False, by=cast.ops)
    assert order(cast) == ["dev", "staging", "qa", "production"]
    places.move(row[0], earlier=False, by=cast.ops)
    assert order(cast) == ["staging", "dev", "qa", "production"]


def test_neighbours_leave_out_what_is_gone(cast, row):
    assert (places.before(row[0]), places.before(row[2]), places.after(row[0])) == (None, row[1], row[1])
    Environment.objects.filter(pk=row[1].pk).update(status="gone")
    assert (places.before(row[2]), places.after(row[0])) == (row[0], row[2])


def test_the_database_knows_only_one_production(cast, row):
    with pytest.raises(IntegrityError), transaction.atomic():
        Environment.objects.create(product=cast.product, slug="live", name="Live", kind="production", position=9)


def test_the_first_of_a_kind_takes_compositions(row):
    assert [places.takes_compositions(place) for place in row] == [True, False, True, False]


def test_mail_and_payments_outside_production_need_a_reason(cast, row):
    staging, production = row[2], row[3]
    with pytest.raises(ValidationError):
        places.set_effects(staging, sends_mail=True, takes_payments=False, by=cast.ops, reason=" ")
    places.set_effects(staging, sends_mail=True, takes_payments=False, by=cast.ops, reason="The mail itself is tested")
    assert places.effects(staging) == {"OUTGOING_MAIL": "on", "PAYMENTS": "off"}
    assert staging.config_version == 2
    places.set_effects(staging, sends_mail=False, takes_payments=False, by=cast.ops)
    places.set_effects(production, sends_mail=True, takes_payments=True, by=cast.ops)
    assert places.effects(production) == {"OUTGOING_MAIL": "on", "PAYMENTS": "on"}
    notes = Event.objects.filter(verb="environment.effects_set").values_list("note__text", flat=True)
    assert "The mail itself is tested" in notes


def test_what_differs_from_production_is_told_without_secrets(cast, row):
    staging, production = row[2], row[3]
    places.set_effects(production, sends_mail=True, takes_payments=False, by=cast.ops)
    variables.set_variable(production, name="PAYMENT_KEY", value="live-key", is_secret=True, by=cast.ops)
    Environment.objects.filter(pk=staging.pk).update(test_data="hundred-orders", driver="command")
    staging.refresh_from_db()
    told = {(one.label, one.here is None, one.production is None) for one in differences.from_production(staging)}
    assert {label for label, _here, _there in told} == {"Driver", "Outgoing mail", "Test data", "PAYMENT_KEY"}
    assert ("PAYMENT_KEY", True, False) in told
    assert not any("live-key" in str(one) for one in differences.from_production(staging))
    assert differences.from_production(production) == []


SERVERS = {
    "hosts": ["web1", "web2"],
    "user": "deploy",
    "folder": "/srv/shop",
    "port": 8000,
    "restart": ["sudo", "systemctl", "restart", "shop"],
    "health": ["sh", "health.sh"],
}


def contrasts(staging, production, here, there, driver="ssh"):
    """(label, here, production) of what the drivers' settings differ in."""
    for place, settings in ((staging, here), (production, there)):
        place.driver, place.driver_settings = driver, settings
        place.save(update_fields=["driver", "driver_settings"])
    return [(one.label, one.here, one.production) for one in differences.from_production(staging)]


def test_other_commands_another_user_and_fewer_servers_are_told(row):
    staging, production = row[2], row[3]
    here = {**SERVERS, "hosts": ["test1"], "user": "root", "restart": ["sh", "-c", "pkill shop; ./start"]}
    del here["health"]
    assert contrasts(staging, production, here, SERVERS) == [
        ("Driver: health", None, "sh health.sh"),
        ("Servers", "1", "2"),
        ("Driver: restart", "sh -c 'pkill shop; ./start'", "sudo systemctl restart shop"),
        ("Driver: user", "root", "deploy"),
    ]


def test_what_only_names_the_place_is_no_difference(row):
    staging, production = row[2], row[3]
    here = {**SERVERS, "hosts": ["test1:2222", "test2"], "folder": "/srv/test", "port": 9000}
    assert contrasts(staging, production, here, SERVERS) == []
    pipeline = {"kind": "github", "repository": "northwind/shop", "workflow": "deploy.yml", "ref": "main"}
    here = {**pipeline, "probe": "https://test.example.org/health"}
    there = {**pipeline, "probe": "https://shop.example.org/health"}
    assert contrasts(staging, production, here, there, "pipeline") == []
    assert contrasts(staging, production, here | {"ref": "next"}, there, "pipeline") == [
        ("Driver: ref", "next", "main")
    ]


def test_what_is_sent_to_a_pipeline_is_never_shown(row, cast, sign_in):
    staging, production = row[2], row[3]
    http = {"kind": "http", "find": "https://ci.test/1", "start": "https://ci.test/2", "look": "https://ci.test/3"}
    here, there = http | {"body": {"token": "canary-1"}}, http | {"body": {"token": "canary-2"}}
    assert [label for label, *_rest in contrasts(staging, production, here, there, "pipeline")] == ["Driver: body"]
    said = sign_in(cast.dev).get("/api/v1/products/shop/environments/staging/differences/").json()
    assert said == [{"label": "Driver: body", "here": "••••••••", "production": "••••••••", "is_secret": True}]
    page = sign_in(cast.dev).get("/environments/staging/settings/").content.decode()
    assert "Driver: body" in page and "canary" not in page


def test_of_two_drivers_only_what_both_were_given_is_compared(row):
    staging, production = row[2], row[3]
    contrasts(staging, production, {}, SERVERS)
    Environment.objects.filter(pk=staging.pk).update(driver="command", driver_settings={"health": ["true"], "port": 1})
    staging.refresh_from_db()
    told = [one.label for one in differences.from_production(staging)]
    assert told == ["Driver", "Driver: health"]


def test_the_settings_are_changed_in_the_browser(cast, sign_in, row):
    ops = sign_in(cast.ops)
    place = {"name": "Quality", "url": "http://qa.example.com", "promotion": "automatic", "test_data": "small"}
    assert ops.post("/environments/qa/settings/place/", place).status_code == 302
    qa = Environment.objects.get(slug="qa")
    assert (qa.name, qa.url, qa.promotion, qa.test_data) == tuple(place.values())
    for wrong in ({"url": "javascript:alert(1)"}, {"name": ""}, {"promotion": "never"}):
        assert ops.post("/environments/qa/settings/place/", place | wrong).status_code == 422
    refused = ops.post("/environments/production/settings/place/", place)
    assert refused.status_code == 422
    assert "approved" in refused.content.decode()
    assert ops.post("/environments/qa/settings/effects/", {"takes_payments": "on"}).status_code == 422
    assert ops.post("/environments/qa/settings/effects/", {"takes_payments": "on", "reason": "x"}).status_code == 302
    ops.post("/environments/qa/settings/order/", {"earlier": "yes"})
    assert order(cast)[0] == "qa"


def test_the_page_warns_when_a_variable_is_productions_database(cast, sign_in, row):
    for place in row[2:]:
        variables.set_variable(place, name="DATABASE_URL", value=ADDRESS, is_secret=True, by=cast.ops)
    page = sign_in(cast.ops).get("/environments/staging/settings/").content.decode()
    assert "DATABASE_URL is the address of production" in page
    assert "pw@db" not in page
    assert "is the address of" not in sign_in(cast.ops).get("/environments/production/settings/").content.decode()


def test_the_ends_of_the_row_are_not_offered_to_go_further(cast, row, sign_in):
    ops = sign_in(cast.ops)
    pages = [ops.get(f"/environments/{place.slug}/settings/").content.decode() for place in row]
    assert ['name="earlier"' in page for page in pages] == [False, True, True, True]
    assert ['<button class="btn sm">Later' in page for page in pages] == [True, True, True, False]
