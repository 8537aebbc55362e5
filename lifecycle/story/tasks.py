"""Doors to the demo's tasks; scheduled in demo mode only."""

from celery import shared_task

from lifecycle.story import visitors


@shared_task
def visit() -> None:
    visitors.visit_production()
