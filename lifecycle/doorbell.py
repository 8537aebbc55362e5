"""Ringing for a worker. A ring may be lost or heard ten times with no effect: the rows are the truth."""

import time
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError


class Doorbell:
    """Publishes Celery messages without ever failing or delaying the caller: 0.2 s, no retry, then 5 s of silence."""

    PATIENCE = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2, "max_retries": 0}
    SILENCE_SECONDS = 5
    UNREACHABLE = (OSError, OperationalError, RedisError, LimitExceeded)

    def __init__(self) -> None:
        self.silent_until = 0.0
        self.broker: Any = None

    def __call__(self, task: str, *args: Any, queue: str | None = None) -> bool:
        """Whether the message was published; if not, the sweep will ring for the row."""
        if time.monotonic() < self.silent_until:
            return False
        try:
            self.publish(task, args, {"queue": queue} if queue else {})
        except self.UNREACHABLE:
            self.silent_until = time.monotonic() + self.SILENCE_SECONDS
            return False
        return True

    def publish(self, task: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        if self.broker is None:
            self.broker = current_app.connection(transport_options=self.PATIENCE)
        with producers[self.broker].acquire(block=True, timeout=0.2) as producer:
            current_app.send_task(task, args=args, producer=producer, retry=False, **options)


doorbell = Doorbell()


def ring_after_commit(task: str, *args: Any, queue: str | None = None) -> None:
    """Ring once the transaction is committed; the sweep rings for whatever was not heard."""
    transaction.on_commit(lambda: doorbell(task, *args, queue=queue))
