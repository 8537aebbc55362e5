"""What differs between two environments, releases or candidates: in users' words first, then in commits and files."""

from dataclasses import dataclass
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import running
from deployments.names import name
from deployments.pages import delta_rows
from environments import deltas
from environments.models import Delta, Environment
from lifecycle.models import Product
from releases.models import Candidate, Change, Release

SHOWN = 200
OFFERED_RELEASES = 20


@dataclass(frozen=True)
class End:
    """One end of the comparison: what it is called, what it is, and the candidate behind it (None: nothing yet)."""

    name: str
    place: str
    candidate: Candidate | None
    environment: Environment | None = None


def delta(product: Product, old: str, new: str) -> dict[str, Any]:
    """The page. Asks a worker for a comparison that nobody has made yet; Http404 for names nobody knows."""
    before, after = end(product, old), end(product, new)
    page = {
        "before": before,
        "after": after,
        "url": reverse("deployments:delta", args=[old, new]),
        "choice": {"old": old, "new": new, "offered": offered(product)},
        "variables": delta_rows.differing_variables(before.environment, after.environment),
    }
    if before.candidate is None or after.candidate is None:
        return {**page, "headline": _("There is nothing to compare yet"), "changes": []}
    if before.candidate.sha == after.candidate.sha:
        return {**page, "headline": same(before, after), "changes": [], "is_same": True}
    return {**page, **difference(product, before.candidate, after.candidate)}


def difference(product: Product, before: Candidate, after: Candidate) -> dict[str, Any]:
    """What lies between two candidates whose code differs."""
    coming = running.leaving(after, before)
    rows = delta_rows.rows(coming)
    found = deltas.request(after.repository, before.sha, after.sha)
    production, gone = running.production(product), running.leaving(before, after)
    return {
        "headline": headline(rows, len(gone)),
        "changes": rows,
        "gone": gone,
        "release": frozen_release(after),
        "way_back": delta_rows.going_back(production, after) if production and coming else "",
        **comparison(found, [row.change for row in rows]),
    }


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


def end(product: Product, asked: str) -> End:
    """By the name of an environment, by a version, or as c<id> of a candidate."""
    place = Environment.objects.filter(product=product, slug=asked).first()
    if place is not None:
        current = running.current(place)
        candidate = current.candidate if current else None
        return End(name(candidate), place.name, candidate, place)
    if asked.startswith("c") and asked[1:].isdecimal() and len(asked) < 12:
        found = get_object_or_404(Candidate, product=product, pk=int(asked[1:]))
        return End(name(found), str(found.get_purpose_display()), found)
    rows = Release.objects.select_related("candidate").exclude(status=Release.Status.DRAFT)
    release = get_object_or_404(rows, product=product, version=asked)
    return End(release.version, _("Release %(version)s") % {"version": release}, release.candidate)


def same(before: End, after: End) -> str:
    return _("%(one)s and %(other)s are the same") % {"one": before.place, "other": after.place}


def headline(rows: list[delta_rows.Row], gone: int) -> str:
    """How much it is, and how much of it has no way back."""
    count = len(rows)
    hard = sum(one.is_one_way for one in rows)
    text = ngettext("%(n)d change", "%(n)d changes", count) % {"n": count}
    if not count and gone:
        return ngettext("%(n)d change is taken out", "%(n)d changes are taken out", gone) % {"n": gone}
    if not count:
        return _("The code differs, but no change of ours is between them")
    if hard:
        return _("%(changes)s; %(hard)s cannot simply be taken out again") % {"changes": text, "hard": hard}
    if count == 1:
        return _("One change; it can be taken out again")
    return _("%(changes)s; all of them can be taken out again") % {"changes": text}


def frozen_release(candidate: Candidate) -> Release | None:
    return Release.objects.filter(candidate=candidate, status=Release.Status.FROZEN).first()


def comparison(found: Delta, coming: list[Change]) -> dict[str, Any]:
    """Commits, files and migrations, or the state of the work."""
    return {
        "is_being_compared": found.status == Delta.Status.QUEUED,
        "error": found.error if found.status == Delta.Status.FAILED else "",
        "commits": found.commits[:SHOWN],
        "files": [{"status": status, "path": path} for status, path in found.files[:SHOWN]],
        "counts": {"commits": len(found.commits), "files": len(found.files), "migrations": len(found.migrations)},
        "left_out": max(0, len(found.files) - SHOWN),
        "migrations": delta_rows.migrations(found.migrations, coming),
    }
