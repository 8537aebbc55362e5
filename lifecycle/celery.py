"""The Celery application: a doorbell, never the truth (the rows are)."""

import os
import signal

from celery import Celery
from celery.signals import task_prerun, worker_process_init, worker_shutting_down
from django.db import close_old_connections

from lifecycle import shutdown
from lifecycle.embedded.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lifecycle.settings")

app = Celery("lifecycle")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def die_with_worker(**_: object) -> None:
    """A task must not go on after its worker was killed: the next worker will take the job over."""
    die_with_parent(signal.SIGKILL)


@task_prerun.connect
def renew_connections(**_: object) -> None:
    """A task goes on with its process's connection, as a request does; one that is old or broken is made anew."""
    close_old_connections()


worker_shutting_down.connect(shutdown.in_worker)
