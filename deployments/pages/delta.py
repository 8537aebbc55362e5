"""What differs between two environments, releases or candidates: in users' words first, then in commits and files."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import running
from deployments.names import name
from environments import deltas
from environments.models import Delta, Environment
from ideas.models import Idea
from lifecycle.models import Product
from releases import changes, chips
from releases.models import Candidate, Change, Release

SHOWN = 200


@dataclass(frozen=True)
class End:
    """One end of the comparison: what it is called, what it is, and the candidate behind it (None: nothing yet)."""

    name: str
    place: str
    candidate: Candidate | None


def delta(product: Product, old: str, new: str) -> dict[str, Any]:
    """The page. Asks a worker for a comparison that nobody has made yet; Http404 for names nobody knows."""
    before, after = end(product, old), end(product, new)
    page = {"before": before, "after": after, "url": reverse("deployments:delta", args=[old, new])}
    if before.candidate is None or after.candidate is None:
        return {**page, "headline": _("There is nothing to compare yet"), "changes": []}
    if before.candidate.sha == after.candidate.sha:
        return {**page, "headline": same(before, after), "changes": [], "is_same": True}
    rows = [row(change) for change in running.leaving(after.candidate, before.candidate)]
    found = deltas.request(after.candidate.repository, before.candidate.sha, after.candidate.sha)
    return {
        **page,
        "headline": headline(rows),
        "changes": rows,
        "gone": running.leaving(before.candidate, after.candidate),
        "release": frozen_release(after.candidate),
        **comparison(found),
    }


def end(product: Product, asked: str) -> End:
    """By the name of an environment, by a version, or as c<id> of a candidate."""
    place = Environment.objects.filter(product=product, slug=asked).first()
    if place is not None:
        current = running.current(place)
        candidate = current.candidate if current else None
        return End(name(candidate), place.name, candidate)
    if asked.startswith("c") and asked[1:].isdecimal() and len(asked) < 12:
        found = get_object_or_404(Candidate, product=product, pk=int(asked[1:]))
        return End(name(found), str(found.get_purpose_display()), found)
    rows = Release.objects.select_related("candidate").exclude(status=Release.Status.DRAFT)
    release = get_object_or_404(rows, product=product, version=asked)
    return End(release.version, _("Release %(version)s") % {"version": release}, release.candidate)


def same(before: End, after: End) -> str:
    return _("%(one)s and %(other)s are the same") % {"one": before.place, "other": after.place}


def headline(rows: list[dict[str, Any]]) -> str:
    """How much it is, and how much of it has no way back."""
    count = len(rows)
    hard = sum(one["is_one_way"] for one in rows)
    text = ngettext("%(n)d change", "%(n)d changes", count) % {"n": count}
    if not count:
        return _("The code differs, but no change of ours is between them")
    if hard:
        return _("%(changes)s; %(hard)s cannot simply be taken out again") % {"changes": text, "hard": hard}
    return _("%(changes)s; all of them can be taken out again") % {"changes": text}


def row(change: Change) -> dict[str, Any]:
    hard = change.migrations in (Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)
    revision = change.revision
    ideas = Idea.objects.filter(changes=change)
    return {
        "change": change,
        "url": changes.page_of(change),
        "chip": chips.CHANGE[change.status],
        "votes": ideas.aggregate(votes=Sum("votes"))["votes"] or 0,
        "commits": revision.commits if revision else 0,
        "files": len(revision.files) if revision else 0,
        "migrations": change.get_migrations_display(),
        "is_one_way": hard,
    }


def frozen_release(candidate: Candidate) -> Release | None:
    return Release.objects.filter(candidate=candidate, status=Release.Status.FROZEN).first()


def comparison(found: Delta) -> dict[str, Any]:
    """Commits, files and migrations, or the state of the work."""
    return {
        "is_being_compared": found.status == Delta.Status.QUEUED,
        "error": found.error if found.status == Delta.Status.FAILED else "",
        "commits": found.commits[:SHOWN],
        "files": [{"status": status, "path": path} for status, path in found.files[:SHOWN]],
        "counts": {"commits": len(found.commits), "files": len(found.files), "migrations": len(found.migrations)},
        "migrations": found.migrations,
    }
