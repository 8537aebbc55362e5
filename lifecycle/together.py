"""Several lists in one statement: what a page needs of many tables at once costs one way to the database.

Each queryset becomes a sub-select that PostgreSQL folds into JSON; the rows come back as the models' own instances.
`select_related` is not kept: relations are put together by key.
"""

import json
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet


def together(**wanted: QuerySet[Any]) -> dict[str, list[Any]]:
    """Name → what its queryset finds, in its order; annotations are attributes of the instances."""
    statements = {name: statement for name, query in wanted.items() if (statement := _statement(query))}
    found: dict[str, list[Any]] = {name: [] for name in wanted}
    if statements:
        selects = [f"(SELECT jsonb_agg(to_jsonb(q)) FROM ({sql}) q)" for sql, _params in statements.values()]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(selects)}", [value for _sql, params in statements.values() for value in params]
            )
            row = cursor.fetchone()
        for name, values in zip(statements, row, strict=True):
            found[name] = [instance(wanted[name].model, value) for value in _rows(values)]
    return found


def _statement(query: QuerySet[Any]) -> tuple[str, tuple[Any, ...]] | None:
    """Its SQL; None where it can find nothing."""
    try:
        sql, params = query.query.get_compiler(query.db).as_sql()
    except EmptyResultSet:
        return None
    return sql, tuple(params)


def _rows(values: Any) -> list[dict[str, Any]]:
    """psycopg hands over JSON as text while Django reads it."""
    if isinstance(values, str | bytes):
        values = json.loads(values)
    return values or []


def instance(model: type[Model], row: dict[str, Any]) -> Any:
    """The model's instance of a JSON object with its columns."""
    fields = model._meta.concrete_fields
    names, values = [], []
    for field in fields:
        if field.column in row:
            names.append(field.attname)
            values.append(field.to_python(row.pop(field.column)))
    made = model.from_db(connection.alias, names, values)
    for name, value in row.items():
        setattr(made, name, value)
    return made
