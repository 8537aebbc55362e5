"""Doors to what happens by itself in plans: each fetches nothing and calls one function."""

from celery import shared_task

from releases import enough


@shared_task
def propose() -> None:
    enough.tick()
