"""What happens by itself, how often, and on which queue. The settings import this; it knows nothing of Lifecycle."""

from typing import Any

from celery.schedules import crontab

# Short and regular: never behind checks and compositions, which may take minutes in "default" and "git".
TICKS = (
    "lifecycle.tasks.heartbeat",
    "lifecycle.tasks.sweep",
    "deployments.tasks.sweep",
    "deployments.tasks.watch",
    "deployments.tasks.poll_upstream",
    "deployments.tasks.look",
    "releases.tasks.propose",
    "deployments.tasks.follow_approvals",
    "ideas.tasks.review",
)
ROUTES = dict.fromkeys(TICKS, {"queue": "tick"}) | {
    "deployments.tasks.deploy": {"queue": "deploy"},
    "deployments.tasks.prove": {"queue": "deploy"},
    "lifecycle.tasks.send_mail": {"queue": "mail"},
}


def beat(*, scan_seconds: float, demo: bool) -> dict[str, dict[str, Any]]:
    """beat's entries; `scan_seconds` is how often rows are looked for that lost their worker."""
    entries = {
        "heartbeat": every(5, "lifecycle.tasks.heartbeat"),
        "sweep": every(scan_seconds, "lifecycle.tasks.sweep", expires=10),
        "mail": every(5, "lifecycle.tasks.send_mail"),
        "poll-upstream": every(2, "deployments.tasks.poll_upstream"),
        "deployments": every(scan_seconds, "deployments.tasks.sweep", expires=10),
        "look": every(10, "deployments.tasks.look"),
        "propose": every(60, "releases.tasks.propose"),
        "approvals": every(5, "deployments.tasks.follow_approvals"),
        "watch": every(2, "deployments.tasks.watch"),
        "review": every(5, "ideas.tasks.review"),
        "collect": every(3600, "deployments.tasks.collect", expires=600),
        "artefacts": {"task": "deployments.tasks.prune_artefacts", "schedule": crontab(hour=3, minute=17)},
        "logs-and-samples": {"task": "deployments.tasks.forget", "schedule": crontab(hour=3, minute=37)},
        "proofs": every(2, "deployments.tasks.prove"),
    }
    return entries | {"visit": every(2, "lifecycle.story.tasks.visit")} if demo else entries


def every(seconds: float, task: str, *, expires: float | None = None) -> dict[str, Any]:
    """One entry; a message that nobody took within two turns is dropped, because the next one says the same."""
    return {"task": task, "schedule": float(seconds), "options": {"expires": expires or 2 * seconds}}
