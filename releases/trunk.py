"""Trunk mode: the team merges to main on its forge, and each step of main becomes a change. Runs git: for workers.

Lifecycle never writes main. Steps that belong to no change wait for a person (see trunk_words.py).
"""

from datetime import timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone

from environments import repositories
from environments.git import LIFECYCLE, Commit, Conflict, Git, GitError
from environments.models import Branch, Repository, TrunkCommit
from lifecycle import events, jobs
from lifecycle.events import By, Machine
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Work
from releases import candidates, committers, intake
from releases.models import Candidate, Change, Release, Revision
from releases.replanning import hold
from releases.trunk_steps import Link, Run, runs, title_of

POLL = Machine("poll")
STEPS = 5000
AGAIN_SECONDS = 60
S = TrunkCommit.Status
ENDED = (Change.Status.DROPPED, Change.Status.LIVE)


def due(repository: Repository, moved: list[Branch]) -> list[Branch]:
    """The main branch, if there may be something new on it; also when it was adopted after it had moved last."""
    main = repository.branches.filter(name=repository.main_branch).select_related("repository__product").first()
    if main is None or main.sha == repository.trunk_sha:
        return []
    return [main] if main in moved or not main.trouble else []


def take_in(main: Branch) -> int:
    """Make revisions of what came to main since last time; how many. Raises GitError; may be repeated at any point."""
    repository = main.repository
    git = repositories.git(repository)
    start = start_of(repository, git, main.sha)
    if start is None:
        return 0
    steps = git.log(start, main.sha, limit=STEPS, first_parent=True)[::-1]
    taken = follow_rewrite(repository, git, steps)
    known = set(repository.trunk_commits.values_list("sha", flat=True))
    taken += sum(take(repository, git, run) for run in runs(step for step in steps if step.sha not in known))
    Repository.objects.filter(pk=repository.pk).update(trunk_sha=main.sha)
    return taken


def start_of(repository: Repository, git: Git, main: str) -> str | None:
    """The commit after which main's steps count: what was live when trunk mode began, or main itself.

    None before anything was adopted. After a rewrite it is what the old and the new main have in common.
    """
    live = candidates.live(repository.product)
    if live is None:
        return None
    known = [sha for sha in (repository.trunk_from, live.sha, adopted(repository)) if sha and git.has(sha)]
    usable = known[:1] if repository.trunk_from in known else [sha for sha in known if git.is_ancestor(sha, main)]
    start = git.merge_base(usable[0], main) if usable else None
    if start is None or not repository.trunk_from:
        repository.trunk_from = start or main
        Repository.objects.filter(pk=repository.pk).update(trunk_from=repository.trunk_from)
    return start or main


def adopted(repository: Repository) -> str:
    known = repository.product.candidates.filter(purpose=candidates.P.ADOPTED, status=Candidate.Status.READY)
    rows = known.order_by("-id")
    return rows.values_list("sha", flat=True).first() or ""


@transaction.atomic
def take(repository: Repository, git: Git, run: Run) -> int:
    """Rows for the steps of a run and, if it is somebody's, a revision of its change."""
    change = (change_of(repository, run.link) or maintenance(repository, title_of(run))) if run.is_somebodys else None
    revision, note = None, ""
    try:
        revision = record(git, change, run) if change else None
    except Conflict as conflict:  # its change cannot take it in: a person decides, knowing the files
        change, note = None, ", ".join(conflict.files)
    for step in run.steps:
        remember(repository, step, change, note)
    return int(revision is not None)


def remember(repository: Repository, step: Commit, change: Change | None, note: str) -> TrunkCommit:
    return TrunkCommit.objects.create(
        repository=repository,
        sha=step.sha,
        parent=step.parents[0],
        status=S.TAKEN if change else S.WAITING,
        change_id=change.pk if change else None,
        subject=step.subject[:200],
        author=step.author[:200],
        at=step.at,
        note=note,
    )


def change_of(repository: Repository, link: Link) -> Change | None:
    """The open change that the steps name: by its key, by its idea, by the same pull request, by its branch."""
    rows = Change.objects.filter(product=repository.product_id).exclude(status__in=ENDED)
    rows = rows.select_related("revision", "product", "release").order_by("pk")
    if link.change:
        return rows.filter(number=link.change).first()
    by_idea = (rows.filter(ideas__number=number).first() for number in link.ideas)
    return next(filter(None, by_idea), None) or (rows.filter(branch=link.branch).first() if link.branch else None)


def maintenance(repository: Repository, title: str, *, by: By = POLL) -> Change:
    """A change without ideas: planned with the next release if it is ready, silent for customers."""
    now = timezone.now()
    product = repository.product
    change = Change.objects.create(
        product=product,
        number=product.next_number("change"),
        title=title,
        must=False,
        release=next_plan(repository),
        created_at=now,
        waiting_since=now,
    )
    events.record("change.planned", change, by=by, at=now, release=change.release_id)
    return change


def next_plan(repository: Repository) -> Release | None:
    """The plan that leaves next and can still be changed."""
    open_plans = repository.product.releases.filter(status__in=[Release.Status.PLANNED, Release.Status.DRAFT])
    return open_plans.filter(kind=Release.Kind.PLANNED).order_by("target_date", "pk").first()


def record(git: Git, change: Change, run: Run) -> Revision | None:
    """The change's next revision: the run, or what it had with the run on top. Raises Conflict."""
    hold(change.release_id)  # before the change: its commits may name further ideas, which is a new version of the plan
    fork, tip, also = run.fork, run.tip, git.people(run.fork, run.tip)
    if change.revision is not None:
        fork, tip = change.revision.fork, extended(git, change, run)
        also |= committers.of(change.revision)
    return intake.write(git, change, fork=fork, tip=tip, also=also, **facts_of(run))


def facts_of(run: Run) -> dict[str, Any]:
    """What `intake.write` wants to know: the newest step speaks, and comes first."""
    newest = run.steps[-1]
    return {"subject": newest.subject, "author": newest.author, "commits": run.steps[::-1]}


def extended(git: Git, change: Change, run: Run) -> str:
    """The newest commit of `change` after `run`: that of main if it follows at once, else one made of both."""
    before = change.revision.tip
    if run.fork == before:
        return run.tip
    newest = run.steps[-1]
    trailers = {"Lifecycle-Change": change.key, "Lifecycle-Step": run.tip}
    tree = git.apply(before, run.fork, run.tip)
    return git.commit(tree, [before], newest.subject, trailers, LIFECYCLE, newest.at)


def follow_rewrite(repository: Repository, git: Git, steps: list[Commit]) -> int:
    """After a force push: rows of steps that main no longer has move to the same step under its new id, or go.

    Said as an event with the changes that main no longer holds. How many changes were amended.
    """
    here = {step.sha for step in steps}
    lately = sorted(repository.trunk_commits.order_by("-id")[: STEPS // 2], key=lambda row: row.pk)
    lost = [row for row in lately if row.sha not in here]
    if not lost:
        return 0
    known = set(repository.trunk_commits.values_list("sha", flat=True))
    fresh = {(step.subject[:200], step.author[:200], step.at): step for step in steps if step.sha not in known}
    pairs = [(row, fresh.pop((row.subject, row.author, row.at), None)) for row in lost]
    gone = [row for row, step in pairs if step is None]
    say_rewritten(repository, gone, by=POLL)
    moved = [(row, step) for row, step in pairs if step is not None and step.parents]
    return move_rows(repository, git, moved)


@transaction.atomic
def say_rewritten(repository: Repository, gone: list[TrunkCommit], *, by: By) -> None:
    """Forget the rows; the event names the changes whose commits went, because their revisions are kept."""
    keys = Change.objects.filter(pk__in=[row.change_id for row in gone if row.change_id]).order_by("number")
    TrunkCommit.objects.filter(pk__in=[row.pk for row in gone]).delete()
    note = ", ".join(change.key for change in keys)
    events.record("repository.main_rewritten", repository, by=by, note=note, commits=len(gone))


@transaction.atomic
def move_rows(repository: Repository, git: Git, moved: list[tuple[TrunkCommit, Commit]]) -> int:
    """Give each row its new id; open changes get what is on main now as their revision."""
    for row, step in moved:
        TrunkCommit.objects.filter(pk=row.pk).update(sha=step.sha, parent=step.parents[0])
    owned = [(row.change_id, step) for row, step in moved if row.status == S.TAKEN and row.change_id]
    begun: set[int] = set()
    for pk, pairs in groupby(owned, key=lambda pair: pair[0]):
        change = Change.objects.exclude(status__in=ENDED).select_related("revision", "product").filter(pk=pk).first()
        if change is not None:
            amend(git, change, Run([step for _pk, step in pairs], Link()), is_first=pk not in begun)
            begun.add(pk)
    return len(begun)


def amend(git: Git, change: Change, run: Run, *, is_first: bool) -> None:
    """The first run of a change replaces what it had, the following ones go on top."""
    hold(change.release_id)
    if is_first:
        intake.write(git, change, fork=run.fork, tip=run.tip, **facts_of(run))
    else:
        record(git, change, run)


def take_again(work: Work) -> None:
    """The worker died, or git failed for a moment: what a person decided is done later, unless main lost the commit."""
    row = TrunkCommit.objects.select_related("repository__product").filter(pk=work.subject_id).first()
    if row is not None and row.status == TrunkCommit.Status.TAKEN:
        due_at = timezone.now() + timedelta(seconds=AGAIN_SECONDS)
        jobs.enqueue("trunk_word", row, product=row.repository.product, due_at=due_at)


@jobs.handler("trunk_word", queue="git", ended=take_again)
def take_by_word(lease: Lease) -> None:
    """What a person decided to ship as maintenance becomes a revision of the silent change made for it."""
    row = TrunkCommit.objects.select_related("repository__product").get(pk=lease.row.subject_id)
    change = Change.objects.select_related("revision", "product").get(pk=row.change_id)
    git = repositories.git(row.repository)
    try:
        step = git.commits([row.sha])[row.sha]
        with transaction.atomic():
            if change.revision is None:
                record(git, change, Run([step], Link()))
    except (GitError, KeyError) as error:
        raise Failed(f"commit {row.sha[:12]}: {error}") from error
    candidates.request(change.product, candidates.P.DEV, by=POLL)
