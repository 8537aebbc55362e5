"""What waits for a person between staging and a proven release."""

from collections.abc import Iterator

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import approval_rules, approvals, gates, proofs, running, services, words
from deployments.cases import Gate
from deployments.models import BreakGlass, Deployment, Finding, Watch
from environments.models import Environment
from lifecycle.inbox import Waiting
from lifecycle.roles import Actor
from lifecycle.transitions import NotAllowed
from releases.models import Change, Release

BROKEN = (Deployment.Status.FAILED, Deployment.Status.ERRORED)


def waiting_for(actor: Actor) -> list[Waiting]:
    """Everything of this app that this person can move on, in no order."""
    if actor.user is None or not actor.is_team:
        return []
    return [
        *decisions(actor),
        *confirmations(actor),
        *proofs_wanted(actor),
        *promotions(actor),
        *watches(actor),
        *broken(actor),
    ]


def decisions(actor: Actor) -> Iterator[Waiting]:
    """The frozen release: a manager's yes, or the button that ships it."""
    if not (actor.may("approve_release") or actor.may("ship_release")):
        return
    for release in Release.objects.filter(product=actor.product, status=Release.Status.FROZEN):
        closed = {gate.key for gate in gates.missing(release)}
        if actor.may("approve_release") and closed <= set(approvals.LATER) and "approvals" in closed:
            if actor.user in approvals.who_can_approve(release):
                yield approval(release)
        elif actor.may("ship_release") and not closed and not on_its_way(release):
            yield shipping(release)


def confirmations(actor: Actor) -> Iterator[Waiting]:
    """Broken glass that a second person has to confirm."""
    if not actor.may("break_glass"):
        return
    rows = BreakGlass.objects.filter(release__product=actor.product, release__status=Release.Status.FROZEN)
    rows = rows.filter(second_by=None, digest=F("release__candidate__digest")).exclude(first_by=actor.user)
    for row in rows.select_related("first_by", "second_by", "release__product"):
        if not approval_rules.is_broken(row, row.release.product):
            yield Waiting(
                title=_("%(who)s asks you to open the gates of %(version)s")
                % {"who": row.first_by, "version": row.release},
                why=row.reason,
                since=row.first_at,
                url=reverse("deployments:cockpit", args=[row.release.version]),
                action=_("Look and confirm"),
                icon="siren",
            )


def on_its_way(release: Release) -> bool:
    pending = [*Deployment.ACTIVE, *Deployment.WAITING]
    return release.deployments.filter(environment__kind=Environment.Kind.PRODUCTION, status__in=pending).exists()


def approval(release: Release) -> Waiting:
    return Waiting(
        title=_("Release %(version)s waits for your approval") % {"version": release},
        why=_("Everything before it is done."),
        since=release.frozen_at or release.created_at,
        url=reverse("deployments:approve", args=[release.version]),
        action=_("Read and answer"),
        icon="stamp",
    )


def shipping(release: Release) -> Waiting:
    return Waiting(
        title=_("Release %(version)s may go to production") % {"version": release},
        why=_("All gates are open."),
        since=release.frozen_at or release.created_at,
        url=reverse("deployments:cockpit", args=[release.version]),
        action=_("Open the cockpit"),
        icon="rocket",
    )


def proofs_wanted(actor: Actor) -> Iterator[Waiting]:
    """The way back of the frozen release that no worker can prove: rehearse it again, or accept that."""
    if not (actor.may("deploy") or actor.may("configure")):
        return
    for release in Release.objects.filter(product=actor.product, status=Release.Status.FROZEN):
        for gate in gates.missing(release):
            if gate.key in proofs.acceptable(release) and actor.may("configure"):
                yield proof(release, gate, _("Accept it"))
            elif gate.key == proofs.REHEARSED and proofs.has_failed(release) and actor.may("deploy"):
                yield proof(release, gate, _("Rehearse it again"))


def proof(release: Release, gate: Gate, action: str) -> Waiting:
    return Waiting(
        title=_("The way back from %(version)s is not proved") % {"version": release},
        why=gate.evidence,
        since=release.frozen_at or release.created_at,
        url=reverse("deployments:cockpit", args=[release.version]),
        action=action,
        icon="undo-2",
    )


def promotions(actor: Actor) -> Iterator[Waiting]:
    """Changes that are ready and may go to staging now."""
    staging = running.place(actor.product, Environment.Kind.STAGING)
    ready = Change.objects.filter(product=actor.product, status=Change.Status.READY).order_by("waiting_since")
    if staging is None or not actor.may("promote") or not ready:
        return
    why_not = refusal(staging, actor)
    count = len(ready)
    text = ngettext("%(n)d change is ready for staging", "%(n)d changes are ready for staging", count)
    yield Waiting(
        title=text % {"n": count},
        why=", ".join(change.title for change in ready[:3]),
        since=ready[0].waiting_since,
        url=reverse("deployments:board"),
        action=_("Open the board"),
        icon="git-branch",
        blocked_because=why_not,
    )


def refusal(staging: Environment, actor: Actor) -> str:
    """Why nothing may be promoted now; "" if it may."""
    try:
        services.require_promotable(staging, by=actor.user)
    except NotAllowed as reason:
        return str(reason)
    return ""


def watches(actor: Actor) -> Iterator[Waiting]:
    """Watches that need a person: those that could not tell, and those with a fault that needs action."""
    if not actor.may("settle_watch"):
        return
    rows = Watch.objects.filter(product=actor.product).select_related("release", "deployment__candidate")
    for watch in rows.filter(status__in=[Watch.Status.INCONCLUSIVE, Watch.Status.BLIND]):
        yield wants_a_word(watch, str(watch.get_status_display()), _("Decide"))
    for watch in rows.filter(status=Watch.Status.OPEN):
        worst = watch.findings.filter(tier=Finding.Tier.ACT).order_by("first_at").first()
        if worst is not None:
            yield wants_a_word(watch, words.sentence(worst), _("Look at it"))


def wants_a_word(watch: Watch, why: str, action: str) -> Waiting:
    return Waiting(
        title=_("The watch of %(version)s needs you") % {"version": words.version(watch)},
        why=why,
        since=watch.closed_at or watch.opened_at,
        url=reverse("deployments:watch", args=[watch.pk]),
        action=action,
        icon="activity",
    )


def broken(actor: Actor) -> Iterator[Waiting]:
    """The last deployment of an environment went wrong and nobody has tried again."""
    if not actor.may("deploy"):
        return
    newest = Deployment.objects.filter(product=actor.product).order_by("environment_id", "-id")
    for row in newest.distinct("environment_id").select_related("environment", "candidate"):
        if row.status in BROKEN:
            yield Waiting(
                title=_("Deployment %(id)s to %(environment)s failed") % {"id": row.pk, "environment": row.environment},
                why=row.error or str(row.candidate),
                since=row.finished_at or row.requested_at,
                url=reverse("deployments:detail", args=[row.pk]),
                action=_("See why"),
                icon="rocket",
            )
