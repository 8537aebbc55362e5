"""The way to production as people go it who want to arrive: the next thing that the foremost release waits for."""

from deployments import gates
from releases.models import Candidate, Change, Release
from tests.deployments.release_world import World

C, R = Change.Status, Release.Status


def next_step(world: World) -> None:
    """One step for what has staging, else for the plan that is furthest; nothing where nobody waits for anything."""
    having = [release for release in world.releases(R.FROZEN) if not release.is_parked]
    planned = sorted(world.releases(R.PLANNED), key=lambda release: (release.is_planned, release.pk))
    urgent = [release for release in planned if not release.is_planned]
    if urgent and not (having and not having[0].is_planned):
        prepare(world, urgent[0])
    elif having:
        ship(world, having[0])
    elif planned:
        prepare(world, planned[0])


def prepare(world: World, release: Release) -> None:
    """Build what is not built, promote it, approve it, freeze it."""
    numbers = {change.number: change.status for change in release.changes.order_by("number")}
    for number, status in numbers.items():
        if status in (C.PLANNED, C.DEVELOPMENT):
            build(world, number)
            return
    if C.READY in numbers.values() and release.is_planned:
        world.promote()
    for number in numbers:
        if world.change(number).status == C.STAGING:
            world.test(number, is_good=True)
            return
    world.freeze(release)


def build(world: World, number: int) -> None:
    if number in world.model.returned or number not in world.model.texts:
        world.push(number)
    world.offer(number)


def ship(world: World, release: Release) -> None:
    """Compose, test, show, approve, deploy: the first of these that is missing."""
    world.work()
    release.refresh_from_db()
    if back := release.changes.filter(status=C.DEVELOPMENT).values_list("number", flat=True).first():
        build(world, back)
        world.recompose(release)
    elif release.candidate.status == Candidate.Status.FAILED:
        world.recompose(release)
    else:
        open_gates(world, release)


def open_gates(world: World, release: Release) -> None:
    missing = {gate.key for gate in gates.missing(release)}
    if "base_current" in missing:
        world.recompose(release)
    elif "changes_approved" in missing:
        for row in release.candidate.rows.select_related("change"):
            world.test(row.change.number, is_good=True)
    elif "checklist_done" in missing:
        world.go_through(release)
    elif missing & {"managers_demo", "customers_demo"}:
        world.show(release)
    elif missing == {"approvals"}:
        world.say(release)
    else:
        world.deploy()
