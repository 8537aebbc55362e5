"""The four services of Lifecycle itself, as commands; docker-compose.yml says the same ones."""

import signal
import sys

from lifecycle.embedded.ports import LOOPBACK
from lifecycle.embedded.processes import Service

QUEUES = "deploy,default,mail,git"


def keeper(environment: dict[str, str]) -> Service:
    return Service("keeper", (sys.executable, "-m", "deployments.keeper"), environment)


def web(environment: dict[str, str], *, port: int) -> Service:
    gunicorn = (
        sys.executable,
        "-m",
        "gunicorn",
        "lifecycle.wsgi:application",
        "--no-control-socket",
        "--preload",
    )
    size = ("--worker-class", "gthread", "--workers", "2", "--threads", "8")
    patience = ("--timeout", "60", "--graceful-timeout", "5")
    return Service("web", (*gunicorn, "--bind", f"{LOOPBACK}:{port}", *size, *patience), environment)


def worker(environment: dict[str, str]) -> Service:
    """A launcher that is killed kills the worker: asked to stop, it now and then hangs without its broker.

    The running tasks die with it, and their leases bring them back.
    """
    celery = (
        sys.executable,
        "-m",
        "celery",
        "-A",
        "lifecycle",
        "worker",
        "--loglevel",
        "INFO",
        "--hostname",
        "main@%h",
    )
    options = ("--queues", QUEUES, "--concurrency", "4", "--without-gossip", "--without-mingle")
    return Service("worker", (*celery, *options), environment, death_signal=signal.SIGKILL)


def beat(environment: dict[str, str], *, schedule: str) -> Service:
    celery = (sys.executable, "-m", "celery", "-A", "lifecycle", "beat", "--loglevel", "INFO")
    return Service("beat", (*celery, "--schedule", schedule, "--pidfile="), environment)
