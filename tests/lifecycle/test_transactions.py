"""Whoever freezes within a transaction must not keep its locks: nobody can unlock them by hand."""

from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import connection, transaction

from ideas import services
from ideas.models import Stop
from lifecycle.models import Product
from tests.cast import Cast
from tests.ideas.wishes import share

OPTION = "idle_in_transaction_session_timeout"


def another_session(options: str) -> psycopg2.extensions.connection:
    facts = connection.settings_dict
    return psycopg2.connect(
        host=facts["HOST"],
        port=facts["PORT"],
        dbname=facts["NAME"],
        user=facts["USER"],
        password=facts["PASSWORD"],
        options=options,
    )


def test_every_session_has_the_limit(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = %s", [OPTION])
        assert cursor.fetchone() == (settings.TRANSACTION_SECONDS * 1000,)


def test_a_row_that_a_frozen_session_has_locked_is_free_when_the_limit_is_over(
    shop: Product, transactional_db: None
) -> None:
    frozen = another_session(f"-c {OPTION}=200")
    with frozen.cursor() as cursor:
        cursor.execute("SELECT 1 FROM lifecycle_product WHERE id = %s FOR UPDATE", [shop.pk])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        assert Product.objects.select_for_update().filter(pk=shop.pk).exists()
    with pytest.raises(psycopg2.OperationalError), frozen.cursor() as cursor:
        cursor.execute("SELECT 1")
    frozen.close()


@pytest.mark.parametrize(
    "locks",
    [
        lambda idea, cast: services.reach(idea, Stop.PLANNED, by=cast.petra),
        lambda idea, cast: services.put_on_agenda(idea, by=cast.petra),
    ],
    ids=["reach", "put_on_agenda"],
)
def test_whoever_moves_an_idea_leaves_its_product_to_others(transactional_db: None, cast: Cast, locks: Any) -> None:
    """Every row of a product looks at the product when it is committed: locked, each would wait, two for each other."""
    idea = share(cast)
    with transaction.atomic():
        locks(idea, cast)
        other = another_session("-c lock_timeout=300")
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM lifecycle_product WHERE id = %s FOR KEY SHARE", [cast.product.pk])
        other.close()
