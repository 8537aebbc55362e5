"""What every worker does beside its tasks, in its main process: say that it lives, and look for what was lost.

It does not wait for a free slot of the pool, so checks that take minutes never hide a dead worker.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from celery import bootsteps
from celery.signals import worker_ready
from django.conf import settings
from django.db import connection

from lifecycle import heartbeats, jobs, logs, shutdown
from lifecycle.celery import app

STUCK_SECONDS = 15
SCANS: list[Callable[[], object]] = [jobs.reconcile]


def every_scan(look: Callable[[], object]) -> None:
    """Register a look for lost rows: each worker takes it every SCAN_SECONDS."""
    SCANS.append(look)


class LoopPulse(bootsteps.StartStopStep):
    """Notes that the consumer's event loop turns; begins anew whenever the broker is connected again."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    turned_at = time.monotonic()

    def start(self, consumer: Any) -> None:
        self.turn()
        consumer.timer.call_repeatedly(1.0, self.turn)

    def turn(self) -> None:
        LoopPulse.turned_at = time.monotonic()


class Lookout(threading.Thread):
    """Runs until the process ends; `queues` are those the worker takes from."""

    def __init__(self, queues: set[str]) -> None:
        super().__init__(daemon=True, name="lookout")
        self.kinds = [kind for kind, queue in heartbeats.QUEUE_OF.items() if queue in queues]

    def run(self) -> None:
        while not shutdown.is_asked():
            self.look()
            time.sleep(settings.SCAN_SECONDS)

    def look(self) -> None:
        """Beat, unless the consumer hangs, and take every look; an error is logged and the next round tries again."""
        try:
            if time.monotonic() - LoopPulse.turned_at < STUCK_SECONDS:
                heartbeats.worker(self.kinds)
            for scan in SCANS:
                scan()
        except jobs.DATABASE_GONE as error:
            logs.logger.warning("the lookout has no database: %s", error)
        except Exception:
            logs.logger.exception("lookout")
        finally:
            connection.close()


app.steps["consumer"].add(LoopPulse)


@worker_ready.connect
def begin(sender: Any, **_: Any) -> None:
    """When a worker is ready: `sender` is its consumer."""
    Lookout(set(sender.app.amqp.queues.consume_from)).start()
