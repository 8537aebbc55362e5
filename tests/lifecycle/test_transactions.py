"""Whoever freezes within a transaction must not keep its locks: nobody can unlock them by hand."""

import psycopg2
import pytest
from django.conf import settings
from django.db import connection, transaction

from lifecycle.models import Product

OPTION = "idle_in_transaction_session_timeout"


def test_every_session_has_the_limit(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = %s", [OPTION])
        assert cursor.fetchone() == (settings.TRANSACTION_SECONDS * 1000,)


def test_a_row_that_a_frozen_session_has_locked_is_free_when_the_limit_is_over(
    shop: Product, transactional_db: None
) -> None:
    facts = connection.settings_dict
    frozen = psycopg2.connect(
        host=facts["HOST"],
        port=facts["PORT"],
        dbname=facts["NAME"],
        user=facts["USER"],
        password=facts["PASSWORD"],
        options=f"-c {OPTION}=200",
    )
    with frozen.cursor() as cursor:
        cursor.execute("SELECT 1 FROM lifecycle_product WHERE id = %s FOR UPDATE", [shop.pk])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        assert Product.objects.select_for_update().filter(pk=shop.pk).exists()
    with pytest.raises(psycopg2.OperationalError), frozen.cursor() as cursor:
        cursor.execute("SELECT 1")
    frozen.close()
