"""What differs between two commits, worked out once by a worker and then only read."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from environments import repositories
from environments.git import Commit, FileChange, GitError
from environments.migration_files import globs_at, is_migration
from environments.models import Delta, Repository
from lifecycle import jobs
from lifecycle.events import Machine
from lifecycle.jobs import Lease
from lifecycle.transitions import move

COMMITS_LIMIT = 500


@transaction.atomic
def request(repository: Repository, from_sha: str, to_sha: str) -> Delta:
    """The stored difference, asked of a worker if nobody has yet; one that failed is tried again."""
    delta, created = Delta.objects.get_or_create(
        repository=repository, from_sha=from_sha, to_sha=to_sha, defaults={"created_at": timezone.now()}
    )
    if delta.status == Delta.Status.FAILED:
        move(delta, Delta.Status.QUEUED, by=Machine("delta"), silent=True, error="")
        created = True
    if created:
        jobs.enqueue("delta", delta, product=repository.product)
    return delta


@jobs.handler("delta", queue="git")
def fill(lease: Lease) -> None:
    """Work out the delta; harmless when it is there already."""
    delta = Delta.objects.select_related("repository").get(pk=lease.row.subject_id)
    if delta.status == Delta.Status.QUEUED:
        work_out(delta)


def work_out(delta: Delta) -> None:
    """Compare, store and end the row as READY, or as FAILED with git's words."""
    git = repositories.git(delta.repository)
    try:
        files = git.diff(delta.from_sha, delta.to_sha)
        commits = git.log(delta.from_sha, delta.to_sha, limit=COMMITS_LIMIT)
        count = git.count(delta.from_sha, delta.to_sha)
        globs = globs_at(git, delta.to_sha)
    except GitError as error:
        move(delta, Delta.Status.FAILED, by=Machine("delta"), silent=True, error=str(error))
        return
    move(
        delta,
        Delta.Status.READY,
        by=Machine("delta"),
        silent=True,
        commits=[as_row(commit) for commit in commits],
        commit_count=count,
        files=[[file.status, file.path] for file in files],
        migrations=migrations_in(files, globs),
    )


def as_row(commit: Commit) -> dict[str, str]:
    """What a page shows of a commit."""
    change = commit.trailer("Lifecycle-Change") or ""
    return {
        "sha": commit.sha,
        "subject": commit.subject,
        "author": commit.author,
        "at": commit.at.isoformat(),
        "change": change,
    }


def migrations_in(files: list[FileChange], globs: Sequence[str] = ()) -> list[str]:
    """The migration files that the step adds or changes: what a backup is made for."""
    return [file.path for file in files if file.status != "D" and is_migration(file.path, globs)]
