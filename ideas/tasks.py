"""Doors to the review's clock."""

from celery import shared_task

from ideas import clock


@shared_task
def review() -> None:
    clock.tick()
