"""What holds everywhere: every route has a verb, every machine is sound, templates carry no inline code."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver

from lifecycle.events import record
from lifecycle.models import Event
from lifecycle.roles import VERBS
from tests.cast import Cast

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("allauth.", "drf_spectacular.")
MACHINES = [model for model in apps.get_models() if hasattr(model, "MOVES")]


def routes(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            found += routes(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            found.append((prefix + str(pattern.pattern), pattern.callback))
    return found


OWN = [(path, view) for path, view in routes() if not view.__module__.startswith(LIBRARIES)]


@pytest.mark.parametrize(("path", "view"), OWN, ids=[path for path, _view in OWN])
def test_every_route_names_its_verb(path: str, view: object) -> None:
    verbs = view.cls.verbs.values() if hasattr(view, "cls") else [getattr(view, "verb", None)]
    assert verbs, f"{path} names no verb"
    assert set(verbs) <= set(VERBS), f"{path}: {set(verbs) - set(VERBS)}"


@pytest.mark.parametrize("model", MACHINES, ids=[model.__name__ for model in MACHINES])
def test_every_machine_is_sound(model: type) -> None:
    states = set(model.Status.values)
    assert set(model.MOVES) == states, "MOVES speaks of every state"
    assert {to for moves in model.MOVES.values() for to in moves} <= states
    start = model._meta.get_field("status").default
    reached, frontier = {start}, [start]
    while frontier:
        new = set(model.MOVES[frontier.pop()]) - reached
        reached |= new
        frontier += new
    assert reached == states, f"never reached: {states - reached}"


@pytest.mark.parametrize("model", MACHINES, ids=[model.__name__ for model in MACHINES])
def test_the_database_knows_every_status(model: type) -> None:
    checks = [str(c.condition) for c in model._meta.constraints if c.name.endswith("_status")]
    assert checks, "a CheckConstraint guards the status"
    assert all(f"'{state}'" in checks[0] for state in model.Status.values)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE lifecycle_event SET verb = 'x'", "DELETE FROM lifecycle_event"])
def test_the_database_refuses_to_change_events(cast: Cast, statement: str) -> None:
    record("test.happened", cast.product, by=cast.petra)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.filter(verb="test.happened").count() == 1


TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
INLINE = re.compile(r"\sstyle=|<style|<script(?![^>]*\bsrc=)|\son(?:click|change|submit|load)=")


@pytest.mark.parametrize("template", TEMPLATES, ids=[str(t.relative_to(ROOT / "templates")) for t in TEMPLATES])
def test_no_template_carries_inline_code(template: Path) -> None:
    assert not INLINE.search(template.read_text()), "styles and scripts live in static/"


def test_only_transitions_write_a_status() -> None:
    """`status=` in an update() outside transitions.py is a hole in the record."""
    writes = re.compile(r"\.update\([^)]*\bstatus=", re.DOTALL)
    allowed = {"transitions.py", "notifications.py"}
    holes = [
        str(path.relative_to(ROOT))
        for app in ("lifecycle", "ideas", "environments", "releases", "deployments")
        for path in (ROOT / app).rglob("*.py")
        if path.name not in allowed and writes.search(path.read_text())
    ]
    assert holes == []
