"""The hours after a production deployment: opened by it, fed by samples, closed by itself or by a person."""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import advancing, baseline, evidence, findings, sampling, words
from deployments.models import Deployment, Finding, Sample, Watch
from environments.models import Environment
from lifecycle import notifications
from lifecycle.events import By, Machine, record
from lifecycle.transitions import NotAllowed, move
from releases import facts
from releases.models import Release

ENOUGH_REQUESTS = 30
SHARE_OF_SAMPLES = 0.2
UNSETTLED = (Watch.Status.OPEN, Watch.Status.INCONCLUSIVE, Watch.Status.BLIND)
WATCHER = Machine("watch")


@transaction.atomic
def open_for(deployment: Deployment, *, at: datetime | None = None) -> Watch | None:
    """Open the watch of a production deployment that has succeeded; the ones before it end here.

    A rollback ends them as "taken back" and is not watched itself: None. So do other kinds of environments.
    """
    now = at or timezone.now()
    environment = deployment.environment
    if environment.kind != Environment.Kind.PRODUCTION:
        return None
    end_earlier(deployment, at=now)
    if deployment.kind == Deployment.Kind.ROLLBACK:
        return None
    watch, created = Watch.objects.get_or_create(
        deployment=deployment,
        defaults={
            "product": deployment.product,
            "release": deployment.release,
            "opened_at": now,
            "closes_at": now + timedelta(minutes=deployment.product.watch_minutes),
            "next_sample_at": now,
            "baseline": baseline.before(environment, at=deployment.started_at or now),
            "evidence": evidence.nothing(),
        },
    )
    if created:
        record("watch.open", watch, by=WATCHER, at=now, to_status=Watch.Status.OPEN)
    return watch


def end_earlier(deployment: Deployment, *, at: datetime) -> None:
    """A newer deployment supersedes open watches; a rollback is the verdict on all that are not settled."""
    rows = Watch.objects.filter(deployment__environment=deployment.environment).exclude(deployment=deployment)
    if deployment.kind == Deployment.Kind.ROLLBACK:
        for earlier in rows.filter(status__in=UNSETTLED):
            move(earlier, Watch.Status.BAD, by=WATCHER, at=at, closed_at=at, closed_note=deployment.reason)
        return
    for earlier in rows.filter(status=Watch.Status.OPEN):
        move(earlier, Watch.Status.SUPERSEDED, by=WATCHER, at=at, closed_at=at)


def tick(*, at: datetime | None = None) -> None:
    """One beat: sample what is due, weigh it, close what is over."""
    now = at or timezone.now()
    for environment in sampling.due(at=now):
        sample(environment, at=at)
    for watch in Watch.objects.filter(status=Watch.Status.OPEN, closes_at__lte=at or timezone.now()):
        close(watch, at=at)


def sample(environment: Environment, *, at: datetime | None = None) -> Sample | None:
    """Take one sample and weigh it in the environment's open watch; None if another worker is at it."""
    with sampling.alone(environment) as mine:
        if not mine or not sampling.is_due(environment, at=at or timezone.now()):
            return None
        taken = sampling.take(environment, at=at)
        watch = open_watch(environment)
        if watch is not None:
            belongs_to(watch, taken)
            findings.weigh(watch, taken)
        return taken


def open_watch(environment: Environment) -> Watch | None:
    rows = Watch.objects.filter(deployment__environment=environment, status=Watch.Status.OPEN)
    return rows.select_related("release__author", "product", "deployment__candidate").first()


def belongs_to(watch: Watch, taken: Sample) -> None:
    """Mark the sample as the watch's own. The first one still counts what happened before the release: not a trial."""
    taken.watch = watch
    if not Sample.objects.filter(watch=watch).exists():
        taken.deltas = {}
    taken.save(update_fields=["watch", "deltas"])
    watch.next_sample_at = taken.at + timedelta(seconds=watch.product.sample_seconds)


def close(watch: Watch, *, at: datetime | None = None) -> None:
    """End a watch whose time is over, by what it has seen; a watch that somebody else ended is left alone."""
    now = at or timezone.now()
    watch.refresh_from_db(fields=["evidence"])
    try:
        end(watch, conclude(watch), by=WATCHER, note="", at=now)
    except NotAllowed:
        return


def conclude(watch: Watch) -> str:
    """How it ends: no data is never healthy, and a fault that needs action needs a person."""
    seen = watch.evidence or evidence.nothing()
    expected = (watch.closes_at - watch.opened_at).total_seconds() / watch.product.sample_seconds
    if seen["samples"] < SHARE_OF_SAMPLES * expected or 2 * seen["unread"] > seen["samples"]:
        return Watch.Status.BLIND
    if watch.findings.filter(tier=Finding.Tier.ACT).exists():
        return Watch.Status.INCONCLUSIVE
    if seen["readings"] and evidence.requests(seen) < ENOUGH_REQUESTS:
        return Watch.Status.INCONCLUSIVE
    return Watch.Status.WELL


@transaction.atomic
def end(watch: Watch, status: str, *, by: By, note: str, at: datetime) -> None:
    """Write the ending, pass it on to the release, and tell the people who can act."""
    move(watch, status, by=by, note=note, at=at, closed_at=at, closed_note=note)
    if status == Watch.Status.WELL:
        prove(watch, by=by, at=at)
    notifications.tell(
        findings.people(watch, at=at),
        "watch.closed",
        url=reverse("deployments:watch", args=[watch.pk]),
        key=f"watch:{watch.pk}:{status}",
        product=watch.product,
        version=words.version(watch),
        verdict=Watch.Status(status).label,
    )


def prove(watch: Watch, *, by: By, at: datetime) -> None:
    """The release is proven, and with it those it superseded, whose ideas passed on to this watch."""
    environment = watch.deployment.environment_id
    passed_on = Watch.objects.filter(deployment__environment=environment, status=Watch.Status.SUPERSEDED)
    ids = [watch.release_id, *passed_on.filter(opened_at__lte=watch.opened_at).values_list("release_id", flat=True)]
    for release in Release.objects.filter(pk__in=[pk for pk in ids if pk], status=Release.Status.LIVE).order_by("id"):
        facts.mark_proven(release, by=by, at=at)
    advancing.later(watch.product)


@transaction.atomic
def settle(watch: Watch, *, by: By, outcome: str, reason: str, at: datetime | None = None) -> None:
    """A person decides where the numbers do not: WELL ("accepted, because …") or BAD after a rollback.

    NotAllowed while the watch is open or once it is settled.
    """
    if watch.status not in (Watch.Status.INCONCLUSIVE, Watch.Status.BLIND):
        raise NotAllowed(
            _("This watch is “%(status)s”: there is nothing to settle.") % {"status": watch.get_status_display()}
        )
    end(watch, outcome, by=by, note=reason, at=at or timezone.now())
