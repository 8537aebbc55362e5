"""What differs between two commits, worked out once by a worker and then only read."""

import re

from django.db import transaction
from django.utils import timezone

from environments import repositories
from environments.git import Commit, FileChange, GitError
from environments.models import Delta, Repository
from lifecycle import jobs
from lifecycle.events import Machine
from lifecycle.jobs import Lease
from lifecycle.transitions import move

# Django, Flask, Ecto, Laravel, TypeORM · Prisma, Diesel · Alembic · Rails · Flyway, Liquibase
MIGRATION = re.compile(
    r"""(?:^|/)(?:
        migrations/(?:versions/)?(?!__init__\.)[^/]+\.(?:py|sql|php|exs|rb|cs|[jt]s)
      | migrations/[^/]+/(?:migration|up|down)\.sql
      | alembic/versions/(?!__init__\.)[^/]+\.py
      | db/migrate/[^/]+\.rb
      | db/(?:migration|changelog)/(?:[^/]+/)*[^/]+\.(?:sql|java|kt|xml|ya?ml|json)
    )$""",
    re.VERBOSE,
)
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
    except GitError as error:
        move(delta, Delta.Status.FAILED, by=Machine("delta"), silent=True, error=str(error))
        return
    move(
        delta,
        Delta.Status.READY,
        by=Machine("delta"),
        silent=True,
        commits=[as_row(commit) for commit in commits],
        files=[[file.status, file.path] for file in files],
        migrations=migrations_in(files),
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


def migrations_in(files: list[FileChange]) -> list[str]:
    """The migration files that the step adds."""
    return [file.path for file in files if file.status == "A" and is_migration(file.path)]


def is_migration(path: str) -> bool:
    """Whether a path is a migration, by the folders and endings that the usual tools have."""
    return bool(MIGRATION.search(path))


def app_of(path: str) -> str:
    """What a migration belongs to: the folder above those of its tool, "." at the top."""
    found = MIGRATION.search(path)
    return (path[: found.start()] if found else path.rpartition("/")[0]).strip("/") or "."
