"""Doors to the shared work: each fetches nothing and calls one function."""

from celery import shared_task

from lifecycle import heartbeats, jobs, notifications


@shared_task
def work(key: str) -> None:
    jobs.execute(key)


@shared_task
def sweep() -> None:
    jobs.reconcile()


@shared_task
def heartbeat() -> None:
    heartbeats.beat()


@shared_task
def send_mail() -> None:
    notifications.send_due()
