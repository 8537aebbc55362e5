"""Commits that others put on an environment's branch: shown as drift; the next snapshot goes on top of them."""

from datetime import datetime

from environments.git import Git
from environments.models import Branch, Environment, Repository
from lifecycle import events
from lifecycle.events import Machine


def note(repository: Repository, git: Git, moved: list[Branch], *, at: datetime) -> None:
    """Compare the environment branches among `moved` with our own; Environment.foreign_sha says what is not ours."""
    tips = {branch.name: branch.sha for branch in moved}
    places = [one for one in Environment.objects.filter(product=repository.product_id) if one.branch in tips]
    for environment in places:
        set_foreign(environment, foreign(git, environment, tips[environment.branch]), at=at)


def foreign(git: Git, environment: Environment, theirs: str) -> str:
    """The upstream's commit when our own log of snapshots does not hold it, else ""; none before the first one."""
    ours = git.refs("refs/heads/").get(environment.branch)
    return "" if ours is None or ours == theirs or git.is_ancestor(theirs, ours) else theirs


def set_foreign(environment: Environment, sha: str, *, at: datetime | None = None) -> None:
    """Write it down; an event when it is news."""
    changed = Environment.objects.filter(pk=environment.pk).exclude(foreign_sha=sha).update(foreign_sha=sha)
    environment.foreign_sha = sha
    if changed:
        verb = "environment.drifted" if sha else "environment.no_drift"
        events.record(verb, environment, by=Machine("poll"), at=at, sha=sha)
