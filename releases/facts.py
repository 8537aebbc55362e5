"""What deployments tell: a candidate reached an environment, a release went live, was proven, was taken back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Model, Q
from django.utils import timezone

from ideas import services as ideas
from ideas.models import AgendaItem, Stop
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Product
from lifecycle.notifications import News, tell, tell_all
from lifecycle.roles import people_who_may
from lifecycle.transitions import move
from releases import (
    changes,
    demos,
    feedback,
    freezing,
    notes,
    overlaps,
    pins,
    plan,
    progress,
    stacking,
    undoing,
    verdicts,
)
from releases.models import Candidate, CandidateChange, Change, Release
from releases.signoffs import mark_demo

__all__ = ["mark_demo", "mark_live", "mark_on_staging", "mark_proven", "mark_rolled_back"]

S = Change.Status
Action = CandidateChange.Action


@transaction.atomic
def mark_on_staging(candidate: Candidate, *, by: By, at: datetime | None = None) -> None:
    """Staging runs this candidate: its ready changes wait for a tester, their ideas reach Staging.

    A change to which something newer was pushed is not what is there: it waits for the next promotion.
    """
    now = at or timezone.now()
    hold_what_moves(candidate)
    Candidate.objects.filter(pk=candidate.pk).update(staged_at=now)
    candidate.staged_at = now
    events.record("candidate.on_staging", candidate, by=by, at=at)
    for change in current(candidate):
        if change.status == S.READY:
            move(change, S.STAGING, by=by, at=at, waiting_since=now)
    verdicts.settle(candidate, only_stale=True, at=now)
    arrived = current(candidate)
    untested = [change for change in arrived if change.status == S.STAGING]
    tell_testers(candidate, rows_of(candidate, Action.UNDO) + untested)
    leave_staging(candidate, arrived, by=by, at=now)
    progress.advance(arrived, Stop.STAGING, by=by, fact=candidate, at=at)


def hold_what_moves(candidate: Candidate) -> None:
    """Nobody pushes to what comes to staging, nor to what leaves it, while that is written down."""
    taken = candidate.rows.filter(action=Action.APPLY).values("change")
    stacking.lock(Change.objects.filter(Q(pk__in=taken) | Q(product=candidate.product_id, status=S.STAGING)))


def current(candidate: Candidate) -> list[Change]:
    """The changes that the candidate takes in as they are now."""
    taken = candidate.rows.filter(action=Action.APPLY)
    rows = taken.select_related("change__product", "change__revision", "change__release")
    return [row.change for row in rows if pins.is_current(row)]


def leave_staging(candidate: Candidate, arrived: list[Change], *, by: By, at: datetime) -> None:
    """What was being tried but is not in this candidate waits for the next promotion; its ideas hear nothing of it.

    A release that made way for this one comes back with its changes as they are.
    """
    present = [change.pk for change in arrived]
    gone = Change.objects.filter(product=candidate.product_id, status=S.STAGING).exclude(pk__in=present)
    gone = gone.exclude(release__in=Release.objects.filter(status=Release.Status.FROZEN))
    for change in gone:
        move(change, S.READY, by=by, at=at, waiting_since=at)


def tell_testers(candidate: Candidate, waiting: list[Change]) -> None:
    """Once per change and candidate."""
    page = changes.testing_page()
    news = [
        News(f"{page}?change={change.number}", f"staging:{candidate.pk}:{change.pk}", {"title": change.title})
        for change in waiting
    ]
    tell_all(people_who_may("give_verdict", candidate.product), "change.on_staging", news, product=candidate.product)


@transaction.atomic
def mark_live(release: Release, *, deployment: Model, by: By, at: datetime | None = None) -> None:
    """Production runs the release and is healthy: what it took in is live, what it took out is in development.

    The team is told, and a release that made way for this one has staging again.
    """
    now = at or timezone.now()
    fields = {"live_at": now, "parked_at": None}
    freezing.hold_with_frozen(release)
    hold_contents(release)
    move(release, Release.Status.LIVE, by=by, at=at, data={"deployment": deployment.pk}, **fields)
    shipped = shipped_changes(release)
    for change in shipped:
        if change.status == S.APPROVED:
            move(change, S.LIVE, by=by, at=at, waiting_since=now)
    progress.advance(shipped, Stop.PRODUCTION, by=by, fact=deployment, at=at)
    return_changes(undone_changes(release), deployment=deployment, reason=release.reason, by=by, at=at)
    if release.kind == Release.Kind.HOTFIX:
        for idea in progress.ideas_of(shipped):
            ideas.put_on_agenda(idea, by=by, reason=AgendaItem.Reason.HOTFIX, words=release.reason, at=at)
    if not release.is_planned:
        freezing.bring_back(release.product, by=by, at=at)
    demos.end_all(release, by=by, at=at)
    look_ahead(release.product)
    tell_team(release, "release.live", key=f"release:{release.pk}:live:{deployment.pk}")


def hold_contents(release: Release) -> None:
    """Nobody pushes to what comes or goes with the release, nor to what is built on it, while that is written down."""
    stacking.lock_with_above(*shipped_changes(release), *undone_changes(release))


def look_ahead(product: Product) -> None:
    """Another base: what clashes now, and what undoing the changes of the last releases would do, is worked out."""
    overlaps.request(product)
    undoing.ahead(product)


def shipped_changes(release: Release) -> list[Change]:
    """The changes that the release's candidate takes in."""
    return rows_of(release.candidate, Action.APPLY)


def undone_changes(release: Release) -> list[Change]:
    """The changes that the release's candidate takes out."""
    return rows_of(release.candidate, Action.UNDO)


def rows_of(candidate: Candidate | None, action: str) -> list[Change]:
    rows = CandidateChange.objects.filter(candidate=candidate, action=action)
    return list(Change.objects.filter(pk__in=rows.values("change")).select_related("product", "revision"))


@transaction.atomic
def mark_proven(release: Release, *, by: By, at: datetime | None = None) -> None:
    """The watch closed well: the release is done.

    Its notes are published, and the people who asked for it are asked whether it helps.
    """
    move(release, Release.Status.DONE, by=by, at=at, ended_at=at or timezone.now())
    notes.publish(release, by=by, at=at)
    progress.advance(shipped_changes(release), Stop.FEEDBACK, by=by, fact=release, at=at)
    if not release.is_undo:
        feedback.open_survey(release, by=by, at=at)


@transaction.atomic
def mark_rolled_back(release: Release, *, deployment: Model, reason: str, by: By, at: datetime | None = None) -> None:
    """The release left production: its changes are back in development, voters are told, the review hears why.

    What an undo had taken out is live again, unless its developer went on with it meanwhile.
    """
    hold_contents(release)
    move(release, Release.Status.ROLLED_BACK, by=by, at=at, note=reason, data={"deployment": deployment.pk})
    notes.withdraw(release, by=by, at=at)
    return_changes(shipped_changes(release), deployment=deployment, reason=reason, by=by, at=at)
    for row in release.candidate.rows.filter(action=Action.UNDO).select_related("change__product", "revision"):
        if row.change.status == S.DEVELOPMENT and row.change.revision_id == row.revision_id:
            fields = {"return_reason": "", "waiting_since": at or timezone.now()}
            move(row.change, S.LIVE, by=by, at=at, note=reason, **fields)
            progress.advance([row.change], Stop.PRODUCTION, by=by, fact=deployment, at=at)
    look_ahead(release.product)
    tell_team(release, "release.rolled_back", key=f"release:{release.pk}:back:{deployment.pk}", reason=reason)


def return_changes(left: list[Change], *, deployment: Model, reason: str, by: By, at: datetime | None = None) -> None:
    """Production no longer has these changes: back to development with the reason, and so what is built on them."""
    taken_back = [change for change in left if change.status == S.LIVE]
    for change in taken_back:
        fields = {"return_reason": reason, "waiting_since": at or timezone.now(), "branch": free_branch(change)}
        move(change, S.DEVELOPMENT, by=by, at=at, note=reason, **fields)
        stacking.pull_back(change, by=by, at=at)
    progress.take_back(taken_back, Stop.DEVELOPMENT, by=by, fact=deployment, note=reason, at=at)
    for idea in progress.ideas_of(taken_back):
        ideas.put_on_agenda(idea, by=by, reason=AgendaItem.Reason.RETURNED, words=reason, at=at)


def free_branch(change: Change) -> str:
    """The change's branch, or nothing if a newer change is built on it by now: a rollback must never fail on that."""
    others = Change.objects.filter(product=change.product_id, branch=change.branch).exclude(pk=change.pk)
    return "" if others.exclude(status__in=[S.DROPPED, S.LIVE]).exists() else change.branch


def tell_team(release: Release, topic: str, *, key: str, **words: str) -> None:
    tell(
        people_who_may("see_team_pages", release.product),
        topic,
        url=plan.page_of(release),
        key=key,
        product=release.product,
        version=release.version,
        **words,
    )
