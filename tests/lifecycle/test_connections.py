"""A worker keeps its connection from task to task, and gets a new one when the server has ended it."""

import pytest
from django.db import connection

from lifecycle.models import Product
from tests.machinery import Machinery, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
LASTED = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'lifecycle' AND pid <> pg_backend_pid()
  AND state_change - backend_start > interval '4 seconds'
"""


def asked(statement: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {row[0] for row in cursor.fetchall()}


def test_connections_outlive_tasks_and_are_renewed_when_they_break(machinery: Machinery, shop: Product) -> None:
    lasted = eventually(lambda: asked(LASTED), "a connection that served more than one task")
    asked(f"SELECT pg_terminate_backend(pid)::int FROM ({LASTED}) AS kept")
    others = eventually(lambda: asked(LASTED) - lasted, "another one in its place")
    assert others.isdisjoint(lasted)
    assert "OperationalError" not in (machinery.logs / "worker.log").read_text(), "no task has seen the broken one"
