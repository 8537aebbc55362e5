"""What a copy of an environment takes along, and what it never does."""

import pytest
from django.core.exceptions import ValidationError

from environments import creation, variables
from environments.models import Environment


@pytest.fixture
def row(cast):
    return [
        Environment.objects.create(
            product=cast.product,
            slug=kind,
            name=kind.title(),
            kind=kind,
            position=position,
            driver_settings={"port": 9000 + position, "probe": ["./which"]},
        )
        for position, kind in enumerate(("dev", "staging", "production"))
    ]


def clone(source, by, slug="qa", **facts):
    return creation.clone(
        source, slug=slug, name="Quality", by=by, **{"kind": "staging", "with_secrets": True, **facts}
    )


def test_it_takes_the_settings_along_but_not_the_port(cast, row):
    made = clone(row[1], cast.ops)
    assert (made.status, made.driver_settings, made.cloned_from) == ("creating", {"probe": ["./which"]}, row[1])
    order = list(cast.product.environments.values_list("slug", flat=True))
    assert order == ["dev", "staging", "qa", "production"]


def test_from_production_neither_secrets_nor_databases_come_along(cast, row):
    live = row[2]
    for name, value, is_secret in (
        ("PAYMENT_KEY", "live", True),
        ("COLOUR", "green", False),
        ("DATABASE_URL", "postgresql://shop@db.internal/shop", False),
        ("DB_HOST", "db.internal", False),
        ("CACHE", "redis://cache.internal/0", False),
    ):
        variables.set_variable(live, name=name, value=value, is_secret=is_secret, by=cast.ops)
    made = clone(live, cast.ops)
    assert variables.opened(made) == {"COLOUR": "green"}
    assert (made.sends_mail, made.takes_payments) == (False, False)


def test_a_name_is_free_again_when_its_environment_is_gone(cast, row):
    made = clone(row[1], cast.ops)
    with pytest.raises(ValidationError):
        clone(row[1], cast.ops)
    Environment.objects.filter(pk=made.pk).update(status="gone")
    made.refresh_from_db()
    creation.retire(made)
    assert clone(row[1], cast.ops).slug == "qa"


@pytest.mark.parametrize("facts", [{"slug": "new"}, {"slug": "stop"}, {"slug": "live", "kind": "production"}])
def test_reserved_names_and_a_second_production_are_refused(cast, row, facts):
    with pytest.raises(ValidationError):
        clone(row[1], cast.ops, **facts)


def test_there_is_an_end_to_it(cast, row):
    for n in range(creation.LIMIT - len(row)):
        clone(row[1], cast.ops, slug=f"qa-{n}")
    with pytest.raises(ValidationError):
        clone(row[1], cast.ops, slug="one-more")
