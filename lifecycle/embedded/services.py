"""The services of Lifecycle itself, as commands; docker-compose.yml says the same ones."""

import signal
import sys

from lifecycle.embedded.ports import LOOPBACK
from lifecycle.embedded.processes import Service

DEPLOY_QUEUES, WORK_QUEUES = "deploy,tick,mail", "default,git"
"""What must be begun at once, and what may take minutes: checks and compositions never hold a rollback up."""
DEPLOY_SLOTS = 4
"""Processes of all deployers together (LIFECYCLE_DEPLOY_SLOTS if there are more): see deployments/claims.py."""
WORKER_STOP_SECONDS = 32
"""A worker asked to stop has ended after 30 s, whatever hangs (LAST_SECONDS)."""
QUEUES = f"{DEPLOY_QUEUES},{WORK_QUEUES}"


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


def deployer(environment: dict[str, str]) -> Service:
    return _celery("deployer", environment, DEPLOY_QUEUES, processes=DEPLOY_SLOTS)


def worker(environment: dict[str, str]) -> Service:
    return _celery("worker", environment, WORK_QUEUES, processes=2)


def _celery(name: str, environment: dict[str, str], queues: str, *, processes: int) -> Service:
    """A launcher that is killed kills the worker: asked to stop, it now and then hangs without its broker.

    The running tasks die with it, and their leases bring them back.
    """
    celery = (sys.executable, "-m", "celery", "-A", "lifecycle", "worker", "--loglevel", "INFO")
    options = ("--queues", queues, "--concurrency", str(processes), "--without-gossip", "--without-mingle")
    command = (*celery, "--hostname", f"{name}@%h", *options)
    return Service(
        name,
        command,
        environment,
        death_signal=signal.SIGKILL,
        stop_seconds=WORKER_STOP_SECONDS,
        finishes_first=True,
    )


def beat(environment: dict[str, str], *, schedule: str) -> Service:
    celery = (sys.executable, "-m", "celery", "-A", "lifecycle", "beat", "--loglevel", "INFO")
    return Service("beat", (*celery, "--schedule", schedule, "--pidfile="), environment)
