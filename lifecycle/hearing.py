"""A worker that stays able to hear: it connects anew when acknowledgements were lost.

A worker may hold only so many messages that are not acknowledged. When the broker goes away between a message and its
acknowledgement, kombu (5.7) logs that and goes on, and the message counts for ever; once all the worker's credit is
gone it takes nothing more, while it looks healthy. A new connection begins with new credit. What runs goes on.
"""

from typing import Any

from celery import bootsteps
from celery.worker import state

from lifecycle import logs
from lifecycle.celery import app

LOOK_SECONDS, LOOKS = 1.0, 3


class Hearing(bootsteps.StartStopStep):
    """Looks every second, in the consumer's own loop; begins anew whenever the broker is connected again."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        self.seen = 0
        consumer.timer.call_repeatedly(LOOK_SECONDS, self.look, (consumer,))

    def look(self, consumer: Any) -> None:
        """Raise a connection error, which makes the consumer connect anew, after LOOKS looks with the same finding."""
        self.seen = self.seen + 1 if lost_acknowledgements(consumer) else 0
        if self.seen >= LOOKS:
            logs.logger.warning("%d acknowledgements were lost: connecting anew", lost_acknowledgements(consumer))
            raise ConnectionResetError("acknowledgements were lost")


def lost_acknowledgements(consumer: Any) -> int:
    """Messages that the broker was never told are taken, beyond those that wait for a free process."""
    qos = consumer.task_consumer.channel.qos
    held = len(qos._delivered) - len(qos._dirty)
    waiting = sum(not request.acknowledged for request in list(state.reserved_requests))
    return max(0, held - waiting)


app.steps["consumer"].add(Hearing)
