"""Doors to the workers' part: each fetches nothing and calls one function."""

from celery import shared_task

from deployments import (
    collecting,
    drills,
    forgetting,
    intake,
    promotion,
    reality,
    recovery,
    rehearsals,
    reminders,
    retention,
    rollout,
    schedules,
    served_branches,
)
from deployments import watch as watches
from releases import attachments


@shared_task
def deploy(pk: int) -> None:
    rollout.execute(pk)


@shared_task
def sweep() -> None:
    recovery.sweep()


@shared_task
def poll_upstream() -> None:
    intake.poll_upstream()


@shared_task
def watch() -> None:
    watches.tick()


@shared_task
def prove() -> None:
    intake.bring_frozen()
    intake.bring_promoted()
    rehearsals.tick()
    drills.tick()
    promotion.tick()


@shared_task
def follow_approvals() -> None:
    reminders.tick()
    schedules.ship_complete()


@shared_task
def look() -> None:
    reality.tick()


@shared_task
def collect() -> None:
    collecting.tick()
    served_branches.tick()
    attachments.forget_drafts()


@shared_task
def prune_artefacts() -> None:
    retention.later()


@shared_task
def forget() -> None:
    forgetting.later()
