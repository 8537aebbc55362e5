"""The promotion board: the environments side by side, their changes, and what may move from one to the next."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from deployments import gates, intake, running, times, waiting
from deployments.models import Deployment, Finding, Watch
from deployments.names import name
from deployments.pages import cards, log, standing, steps
from deployments.pages.between import Between, between
from deployments.pages.health import Health, health
from deployments.pages.rollback import confirmation
from deployments.running import Place
from environments import places as environment_places
from environments.models import Environment
from lifecycle import dates
from lifecycle.models import Product
from lifecycle.roles import Actor
from releases.models import Candidate, Change, Release

DEV, STAGING, PRODUCTION = Environment.Kind.DEV, Environment.Kind.STAGING, Environment.Kind.PRODUCTION
STANDING = {
    DEV: [Change.Status.DEVELOPMENT, Change.Status.READY],
    STAGING: [Change.Status.STAGING, Change.Status.APPROVED],
}


NOT_READY = gettext_lazy("A change is ready when its developer says so and its tests pass.")


@dataclass
class Column:
    """One environment on the board."""

    environment: Environment
    runs: str
    health: Health
    meta: str
    cards: list[cards.Card]
    rollback: dict[str, Any] | None = None
    between: Between | None = None
    places: list[str] = field(default_factory=list)
    notes: list[standing.Note] = field(default_factory=list)


def board(actor: Actor) -> dict[str, Any]:
    """Everything the board shows to this person."""
    product = actor.product
    places = running.board(product)
    frozen = in_testing(product)
    columns = [column(place, actor) for place in places]
    for before, after in pairwise(columns):
        ready = sum(card.is_ready for card in before.cards)
        after.between = between(before.environment, after.environment, ready, frozen, actor)
    busy = next((place.active for place in reversed(places) if place.active), None)
    return {
        "columns": columns,
        "release": frozen,
        "headline": _("Everything is stopped") if actor.stop_reason and not busy else headline(places, frozen, columns),
        "gates": gates.gates(frozen) if frozen else [],
        "promotion": promotion(actor),
        "busy": busy,
        "is_moving": busy is None and is_moving(product, places),
        "busy_steps": steps.rows(busy) if busy else [],
        **(log.news(busy, 0) if busy else {}),
    }


def is_moving(product: Product, places: list[Place]) -> bool:
    """Whether something else is to be seen in a moment, without anybody's doing: what is composed or next in line."""
    kinds = [Candidate.Purpose.STAGING, Candidate.Purpose.RELEASE]
    composed = Candidate.objects.filter(product=product, purpose__in=kinds, status=Candidate.Status.COMPOSING)
    in_line = any(not times.is_later(one.due_at) for place in places for one in place.waiting)
    staging = next((place.environment for place in places if place.environment.kind == STAGING), None)
    waits = staging is not None and intake.kept_waiting(staging) is not None
    return in_line or waits or composed.exists()


def in_testing(product: Product) -> Release | None:
    """The frozen release that has staging; one that made way for it only while no other is frozen."""
    rows = Release.objects.filter(product=product, status=Release.Status.FROZEN).select_related("candidate")
    return rows.order_by(F("parked_at").asc(nulls_first=True), "pk").first()


def headline(places: list[Place], frozen: Release | None, columns: list[Column]) -> str:
    """The verdict: what is being done, else what is next."""
    busy = next((place for place in places if place.active), None)
    if busy and busy.active:
        what = {"environment": busy.environment, "candidate": name(busy.active.candidate)}
        if busy.active.kind == Deployment.Kind.ROLLBACK:
            return _("%(environment)s goes back to %(candidate)s") % what
        if busy.active.kind == Deployment.Kind.REHEARSAL:
            return _("%(environment)s rehearses a rollback") % what
        return _("%(candidate)s is on its way to %(environment)s") % what
    if any(place.environment.state == Environment.State.UNSURE for place in places):
        return _("One environment needs a rollback or a new deployment")
    unwell = [column.environment for column in columns if column.health.state == "bad"]
    if unwell:
        return _("%(environment)s does not answer as it should") % {"environment": unwell[-1]}
    faults = acute(places)
    if faults:
        return ngettext("The watch found %(n)d fault", "The watch found %(n)d faults", faults) % {"n": faults}
    if frozen:
        return _("Release %(version)s is being tested") % {"version": frozen}
    return _("Everything runs as planned")


def acute(places: list[Place]) -> int:
    """Faults that the watch of what runs now says to act on."""
    running_now = [place.current.pk for place in places if place.current]
    found = Finding.objects.filter(watch__deployment__in=running_now, watch__status=Watch.Status.OPEN)
    return found.filter(tier=Finding.Tier.ACT).count()


def column(place: Place, actor: Actor) -> Column:
    environment = place.environment
    found = cards_in(place, actor)
    return Column(
        environment=environment,
        runs=runs(place.current),
        health=health(place),
        meta=meta(place),
        cards=found,
        rollback=way_back(place, actor),
        places=[waits(one) for one in place.waiting],
        notes=standing.notes(environment, place.current),
    )


def cards_in(place: Place, actor: Actor) -> list[cards.Card]:
    """The changes that stand at this environment: being built, being tested, or live."""
    rows = Change.objects.filter(product=actor.product).select_related("developer", "revision", "release")
    decides = cards.decides(actor, place.current)
    if environment_places.takes_compositions(place.environment):
        stand_here = without_parked(rows).filter(status__in=STANDING[Environment.Kind(place.environment.kind)])
        runs_there = None if place.environment.kind == DEV else place.current
        return cards.cards(stand_here, runs=runs_there, decides=decides)
    if place.current is None:
        return []
    inside = cards.taken_in(place.current.candidate)
    return cards.cards(rows.filter(pk__in=inside), runs=place.current, decides=decides)


def without_parked(rows: QuerySet[Change]) -> QuerySet[Change]:
    """Without those of a release that made way: it comes back with them, but staging runs something else."""
    return rows.exclude(release__status=Release.Status.FROZEN, release__parked_at__isnull=False)


def runs(current: Deployment | None) -> str:
    """ "24.10 @ 2b7d9aa", the commit alone for what has no name of its own, or nothing."""
    if current is None:
        return ""
    sha, label = current.candidate.sha[:7], current.candidate.label
    return sha if label.startswith(sha) else f"{label} @ {sha}"


def meta(place: Place) -> str:
    if place.current is None:
        return _("Nothing has been deployed yet")
    when = dates.ago(place.current.verified_at or place.current.requested_at)
    return _("Deployed %(when)s") % {"when": when}


def waits(deployment: Deployment) -> str:
    words = _("%(candidate)s waits its turn") % {"candidate": name(deployment.candidate)}
    when = times.sentence(deployment)
    return f"{words}. {when}" if when else words


def way_back(place: Place, actor: Actor) -> dict[str, Any] | None:
    """The question before a rollback, for people who may; None if the place has nothing to go back to."""
    if not actor.may("roll_back") or place.current is None:
        return None
    asked = confirmation(place.environment)
    return standing.with_warnings(asked, place.environment) if asked["target"] else None


def promotion(actor: Actor) -> dict[str, Any]:
    """The question before a promotion: what would move, or why nothing may."""
    staging = running.place(actor.product, STAGING)
    ready = Change.objects.filter(product=actor.product, status=Change.Status.READY).order_by("number")
    count = len(ready)
    if not count or staging is None:
        return no_promotion(_("Nothing is ready for staging"), NOT_READY)
    if why_not := waiting.refusal(staging, actor):
        return no_promotion(_("Nothing can go to staging now"), why_not)
    title = ngettext("Promote %(n)d change to staging", "Promote %(n)d changes to staging", count) % {"n": count}
    question = {
        "id": "promote",
        "crumb": _("Environments"),
        "title": title,
        "text": _("What is on staging already stays; together they become one composition with its own number."),
        "action": reverse("deployments:promote"),
        "facts": [("plus", "good", f"{change.key} {change.title}") for change in ready],
        "yes": _("Promote to staging"),
        "no": _("Leave staging as it is"),
        "back": reverse("deployments:board"),
    }
    return standing.with_warnings(question, staging)


def no_promotion(title: str, why: Any) -> dict[str, Any]:
    """The same page without a button."""
    return {
        "crumb": _("Environments"),
        "title": title,
        "text": why,
        "no": _("Leave staging as it is"),
        "back": reverse("deployments:board"),
    }
