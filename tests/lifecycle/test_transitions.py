"""The one place where a status is written."""

import django.apps
import pytest
from django.db import IntegrityError, connection, transaction

from lifecycle.events import Machine
from lifecycle.models import Event, Work
from lifecycle.transitions import NotAllowed, move
from releases.models import Release
from tests.cast import Cast

LONG_AGO = "2026-01-01T00:00Z"
MACHINES = [model for model in django.apps.apps.get_models() if hasattr(model, "MOVES")]


@pytest.fixture
def release(cast: Cast) -> Release:
    return Release.objects.create(
        product=cast.product,
        version="24.11",
        target_date="2026-12-01",
        author=cast.petra,
        created_at="2026-11-01T00:00Z",
    )


def test_a_move_writes_status_fields_and_event_together(release: Release, cast: Cast):
    move(release, Release.Status.PLANNED, by=cast.petra, note="Ready.", goal="Presents")
    release.refresh_from_db()
    event = Event.objects.get(subject_kind="release", verb="release.planned")
    assert (release.status, release.goal) == ("planned", "Presents")
    assert (event.actor, event.from_status, event.to_status, event.note.text) == (
        cast.petra,
        "draft",
        "planned",
        "Ready.",
    )


def test_a_move_that_the_table_does_not_have_is_refused_with_a_readable_reason(release: Release, cast: Cast):
    with pytest.raises(NotAllowed, match="24.11 is “Being planned”, so it cannot become “Live”."):
        move(release, Release.Status.LIVE, by=cast.petra)
    assert not Event.objects.exists()


def test_whoever_comes_second_is_refused(release: Release, cast: Cast):
    other = Release.objects.get(pk=release.pk)
    move(release, Release.Status.PLANNED, by=cast.petra)
    with pytest.raises(NotAllowed, match="Somebody else"):
        move(other, Release.Status.DROPPED, by=cast.lena)
    assert Event.objects.count() == 1


def test_a_guard_that_does_not_hold_refuses_the_move(release: Release, cast: Cast):
    with pytest.raises(NotAllowed):
        move(release, Release.Status.PLANNED, by=cast.petra, guard={"version": "1.0"})
    release.refresh_from_db()
    assert release.status == Release.Status.DRAFT


def test_background_work_leaves_no_event(db: None):
    work = Work.objects.create(
        kind="x", subject_id=1, key="x:1", due_at="2026-01-01T00:00Z", requested_at="2026-01-01T00:00Z"
    )
    move(work, Work.Status.CLAIMED, by=Machine("worker"), silent=True)
    assert not Event.objects.exists()


@pytest.mark.parametrize("model", MACHINES, ids=lambda model: model.__name__)
def test_every_table_names_only_statuses_that_exist_and_can_be_reached(model: type):
    statuses = {str(value) for value in model.Status.values}
    named = {str(status) for status in model.MOVES}
    targets = {str(to) for row in model.MOVES.values() for to in row}
    assert named == statuses, "each status has its row, also when nothing follows it"
    start = str(model._meta.get_field("status").default)
    assert targets | {start} == statuses, "each status can be reached"


@pytest.mark.parametrize("model", MACHINES, ids=lambda model: model.__name__)
def test_the_database_refuses_a_status_that_does_not_exist(model: type, db: None):
    constraints = [c for c in model._meta.constraints if "status" in str(getattr(c, "condition", ""))]
    assert constraints, "a CheckConstraint guards the values"


def test_the_database_refuses_an_unknown_status_of_a_release(release: Release):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE releases_release SET status = 'gone' WHERE id = %s", [release.pk])
