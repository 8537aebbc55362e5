"""The bare mirror on disk: kept up to date, made anew when it is lost or broken, tidied up once a week."""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from environments.git import UPSTREAM_HEADS, Git
from environments.models import Repository
from lifecycle import events, jobs
from lifecycle.events import Machine

ENVIRONMENT_BRANCHES = "env/"
SOUND_SECONDS, COLLECT_SECONDS = 300, 1800
KEEP_DAYS = 14
POLL = Machine("poll")


def fetch(repository: Repository, mirror: Git, *, at: datetime) -> dict[str, str]:
    """Bring the mirror up to date (making it the first time); branch name → object id. Raises GitError.

    The first fetch is given its long time again when a worker died in it.
    """
    if repository.fetched_at is not None and (mirror.path / "HEAD").exists():
        mirror.fetch(repository.upstream)
        return mirror.refs(UPSTREAM_HEADS)
    Git.create_mirror(mirror.path, repository.upstream, access=mirror.access)
    if repository.fetched_at is not None:
        take_back(repository, mirror, at=at)
    return mirror.refs(UPSTREAM_HEADS)


def take_back(repository: Repository, mirror: Git, *, at: datetime) -> None:
    """After a loss: our own refs out of the broken mirror and the upstream; a worker makes the rest again."""
    if broken(mirror.path).exists():
        mirror.salvage(broken(mirror.path))
    ours = mirror.refs("refs/heads/")
    for name, sha in mirror.refs(UPSTREAM_HEADS).items():
        if name.startswith(ENVIRONMENT_BRANCHES) and name not in ours:
            mirror.point(f"refs/heads/{name}", sha, None)
    events.record("repository.fetched_anew", repository, by=POLL, at=at)
    jobs.enqueue("restore_refs", repository, product=repository.product)


def put_aside_if_broken(repository: Repository, mirror: Git, *, at: datetime) -> None:
    """Rename a mirror that misses something, so that the next poll makes a new one. Nothing if it is sound."""
    head = mirror.path / "HEAD"
    if not mirror.path.exists() or (head.exists() and replace(mirror, timeout_seconds=SOUND_SECONDS).is_sound()):
        return
    shutil.rmtree(broken(mirror.path), ignore_errors=True)
    mirror.path.rename(broken(mirror.path))
    events.record("repository.mirror_broken", repository, by=POLL, at=at)


def broken(path: Path) -> Path:
    """Where a broken mirror is kept until the next one breaks: "shop.git.broken"."""
    return path.with_name(path.name + ".broken")


def collect(repository: Repository, mirror: Git, *, at: datetime) -> None:
    """Let git tidy up; what no ref needs is kept for two weeks more. A broken mirror is put aside. Raises GitError."""
    put_aside_if_broken(repository, mirror, at=at)
    if mirror.path.exists():
        replace(mirror, timeout_seconds=COLLECT_SECONDS).collect(keep_days=KEEP_DAYS)
    Repository.objects.filter(pk=repository.pk).update(collected_at=at)
    repository.collected_at = at
