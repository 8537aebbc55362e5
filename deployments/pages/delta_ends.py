"""The two ends of a delta: an environment, a release, a candidate or one deployment, and what they are started with."""

from dataclasses import dataclass
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import running
from deployments.models import Deployment
from deployments.names import name
from environments import variables
from environments.models import Environment
from environments.variables import Configuration, Difference
from lifecycle.models import Product
from releases.models import Candidate, Release

OFFERED_RELEASES = 20
LONGEST_NUMBER = 11


@dataclass(frozen=True)
class End:
    """One end of the comparison: what it is called, what it is, and the candidate behind it (None: nothing yet).

    `started_with`: an environment is started with its variables of today, a deployment with those it was begun with, a
    release or a candidate with those it had on production last; None if it never was there.
    """

    name: str
    place: str
    candidate: Candidate | None
    environment: Environment | None = None
    started_with: Configuration | None = None


def end(product: Product, asked: str) -> End:
    """By the name of an environment, by a version, as c<id> of a candidate or d<id> of a deployment; else Http404."""
    place = Environment.objects.filter(product=product, slug=asked).first()
    if place is not None:
        current = running.current(place)
        candidate = current.candidate if current else None
        return End(name(candidate), place.name, candidate, place, Configuration(place))
    if is_numbered("d", asked):
        deployments = Deployment.objects.select_related("candidate", "environment")
        return of_deployment(get_object_or_404(deployments, product=product, pk=int(asked[1:])))
    if is_numbered("c", asked):
        found = get_object_or_404(Candidate, product=product, pk=int(asked[1:]))
        return End(name(found), str(found.get_purpose_display()), found, started_with=on_production(found))
    rows = Release.objects.select_related("candidate").exclude(status=Release.Status.DRAFT)
    release = get_object_or_404(rows, product=product, version=asked)
    words = _("Release %(version)s") % {"version": release}
    return End(release.version, words, release.candidate, started_with=on_production(release.candidate))


def is_numbered(letter: str, asked: str) -> bool:
    return asked.startswith(letter) and asked[1:].isdecimal() and len(asked) <= LONGEST_NUMBER


def of_deployment(deployment: Deployment) -> End:
    place, version = deployment.environment, running.config_of(deployment)
    words = _("%(environment)s, deployment %(id)s") % {"environment": place, "id": deployment.pk}
    return End(name(deployment.candidate), words, deployment.candidate, started_with=Configuration(place, version))


def on_production(candidate: Candidate | None) -> Configuration | None:
    last = running.last_on_production(candidate) if candidate else None
    return Configuration(last.environment, last.config_version) if last else None


def differing_variables(before: End, after: End) -> list[Difference] | None:
    """What they are started with differently; None if nobody can know.

    Towards what has not been on production, it is what the next deployment to the environment changes.
    """
    if before.started_with and after.started_with:
        return variables.between(before.started_with, after.started_with)
    place = before.environment or after.environment
    last = running.current(place) if place else None
    return variables.since(place, last.config_version) if place and last else None


def same(before: End, after: End, differing: list[Difference] | None) -> str:
    """The headline where the code is the same."""
    if differing:
        text = ngettext(
            "The same code; %(n)d variable differs", "The same code; %(n)d variables differ", len(differing)
        )
        return text % {"n": len(differing)}
    return _("%(one)s and %(other)s are the same") % {"one": before.place, "other": after.place}


def choice(product: Product, old: tuple[str, End], new: tuple[str, End]) -> dict[str, Any]:
    """The form that chooses what to compare; it also offers what is being compared."""
    offers = offered(product)
    known = {value for value, _words in offers}
    shown = dict.fromkeys((asked, f"{one.place}: {one.name}") for asked, one in (old, new) if asked not in known)
    return {"old": old[0], "new": new[0], "offered": [*offers, *shown]}


def offered(product: Product) -> list[tuple[str, str]]:
    """What can be compared: every environment, then the latest releases."""
    places = [(place.slug, place.name) for place in product.environments.in_use().order_by("position")]
    rows = Release.objects.filter(product=product).exclude(candidate=None).exclude(status=Release.Status.DRAFT)
    latest = rows.order_by("-id").values_list("version", flat=True)[:OFFERED_RELEASES]
    return [*places, *((version, _("Release %(version)s") % {"version": version}) for version in latest)]


def usual_ends(product: Product) -> tuple[str, str] | None:
    """Production and the environment in front of it; None in a product that has fewer than two."""
    places = [place.slug for place in product.environments.in_use().order_by("position")]
    return (places[-1], places[-2]) if len(places) > 1 else None
