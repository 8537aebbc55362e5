"""From an upstream branch that moved to a new revision of its change. Runs git: only for workers and commands."""

import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from environments import branches, repositories
from environments.branches import OURS
from environments.git import Commit, Git, GitError, Part
from environments.migration_files import globs_at
from environments.models import Branch, Repository
from lifecycle import jobs
from lifecycle.events import Machine
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Product
from releases import candidates, changes, committers, readiness, serving, stacking
from releases.models import Candidate, Change, Revision

POLL = Machine("poll")
COMMITS_KEPT = 100
IDEA_IN_NAME = re.compile(r"idea/(\d+)(?:-|$)")
ENDED = (Change.Status.DROPPED, Change.Status.LIVE)


@jobs.handler("push", queue="git")
def look(lease: Lease) -> None:
    """Take what is on a change's branch already (Work kind "push", subject: the change); then dev is re-composed.

    In trunk mode what is not merged to main yet is nobody's, and the name only says whose the merge will be.
    A second run, after a worker that was lost, makes up for what the first one left undone.
    """
    change = Change.objects.select_related("product").get(pk=lease.row.subject_id)
    pushed = Branch.objects.filter(repository__product=change.product_id, name=change.branch)
    branch = pushed.exclude(repository__mode=Repository.Mode.TRUNK).select_related("repository").first()
    try:
        revision = take(branch) if branch else None
    except GitError as error:
        raise Failed(str(error)) from error
    if revision or (branch and lease.row.attempt > 1):
        candidates.request(change.product, Candidate.Purpose.DEV, by=POLL)


def take_in(branch: Branch) -> int:
    """How many revisions came of a branch that moved."""
    return int(take(branch) is not None)


def take(branch: Branch) -> Revision | None:
    """Record what was pushed to `branch` for the change it belongs to; None if it is nobody's or holds nothing new.

    Links the change by the trailer `Idea: 42` or by the name idea/42-… when nobody linked it by hand. Raises GitError.
    """
    repository = branch.repository
    main = repository.branches.filter(name=repository.main_branch).first()
    if main is None or branch.name == main.name or branch.name.startswith(OURS):
        return None
    git = repositories.git(repository)
    change = change_on(branch) or change_meant_by(branch, git.log(None, branch.sha, limit=1))
    branches.belong_to_nobody(branch, 0 if change else own_commits(git, main, branch))
    if change is None:
        return None
    fork = stacking.fork_of(git, change, main.sha, branch.sha)
    return None if fork in (None, branch.sha) else record(git, change, fork, branch)


def own_commits(git: Git, main: Branch, branch: Branch) -> int:
    """How many commits main does not have, at most COMMITS_KEPT; 0 where they are a change's, also one that ended."""
    if Revision.objects.filter(change__product=main.repository.product_id, tip=branch.sha).exists():
        return 0
    return len(git.log(main.sha, branch.sha, limit=COMMITS_KEPT))


def record(git: Git, change: Change, fork: str, branch: Branch) -> Revision | None:
    """Write the revision of what was pushed, and what it stands on. Repeated, it makes up for what was left undone."""
    commits = git.log(fork, branch.sha)
    facts = {"subject": branch.subject, "author": branch.author, "commits": commits}
    revision = write(git, change, fork=fork, tip=branch.sha, **facts)
    stacking.note(git, change, commits, by=POLL)
    return revision


def write(
    git: Git, change: Change, *, fork: str, tip: str, commits: list[Commit], also: Iterable[Part] = (), **facts: str
) -> Revision | None:
    """The revision with its facts, its commits kept from git's gc; None when it is no news.

    `also` are people in commits that the revision was made of but does not reach.
    """
    is_news = not change.revision or (change.revision.fork, change.revision.tip) != (fork, tip)
    if is_news:
        record_push(git, change, fork=fork, tip=tip, commits=commits, also=also, **facts)
    kept = f"refs/lifecycle/changes/{change.pk}/"
    number = change.revision.number
    git.keep(f"{kept}{number}", tip)
    serving.take_up(change, commits, by=POLL)
    return change.revision if is_news else None


def record_push(
    git: Git,
    change: Change,
    *,
    fork: str,
    tip: str,
    commits: list[Commit],
    also: Iterable[Part],
    subject: str,
    author: str,
) -> None:
    """Ask git what was pushed, then write it down together with what the trailers say."""
    git.require_modest(tip)
    files = [file.path for file in git.diff(fork, tip)]
    people = git.people(fork, tip).union(also)
    log = [{"sha": commit.sha, "subject": commit.subject[:200]} for commit in commits[:COMMITS_KEPT]]
    facts = {"subject": subject, "author": author, "commits": len(commits), "files": files, "log": log}
    facts["migration_globs"] = globs_at(git, tip)
    with transaction.atomic():
        pushed = changes.record_push(change, fork=fork, tip=tip, ready=readiness.says_so(commits), by=POLL, **facts)
        committers.store(pushed, people)
        read_trailers(change, commits)


def change_on(branch: Branch) -> Change | None:
    """The open change that is built on this branch."""
    found = Change.objects.filter(product=branch.repository.product_id, branch=branch.name)
    return found.exclude(status__in=ENDED).select_related("revision", "product").first()


def change_meant_by(branch: Branch, commits: list[Commit]) -> Change | None:
    """The planned change of the idea that the trailer or the branch's name means; it is linked to the branch."""
    planned = Change.objects.filter(product=branch.repository.product_id, revision=None).exclude(status__in=ENDED)
    rows = planned.select_related("revision", "product").order_by("pk")
    found = (rows.filter(ideas__number=number).first() for number in idea_numbers(branch.name, commits))
    change = next(filter(None, found), None)
    if change is not None:
        changes.link_branch(change, branch=branch.name, by=POLL)
    return change


def idea_numbers(name: str, commits: list[Commit]) -> list[int]:
    """What the newest commit's trailers say, else what the name says; the first that is planned counts."""
    said = serving.numbers_in(commits[0]) if commits else []
    found = IDEA_IN_NAME.match(name)
    return said or ([int(found[1])] if found and len(found[1]) < 10 else [])


def read_trailers(change: Change, commits: list[Commit]) -> None:
    """`Migrations: expand` in the newest commit that says so sets the flag."""
    said = [commit.trailer("Migrations") for commit in commits]
    flag = next((value.lower() for value in said if value), "")
    if flag and flag in Change.Migrations.values and not changes.is_frozen(change):
        changes.set_migrations(change, migrations=flag, by=POLL)


def unlinked(product: Product) -> list[Branch]:
    """Upstream branches that no open change is built on, newest first: for the choice beside a change."""
    open_ones = Change.objects.filter(product=product).exclude(status__in=ENDED)
    linked = open_ones.exclude(branch="").values("branch")
    others = Branch.objects.filter(repository__product=product).exclude(name=F("repository__main_branch"))
    nobodys = others.exclude(name__in=linked).exclude(name__regex=rf"^(?:{'|'.join(OURS)})")
    return list(nobodys.order_by("-moved_at", "name"))
