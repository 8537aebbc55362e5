"""What differs between two environments, releases or candidates: in users' words first, then in commits and files."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import running
from deployments.pages import delta_rows
from deployments.pages.delta_ends import choice, differing_variables, end, same
from environments import deltas
from environments.models import Delta
from lifecycle.models import Product
from releases.models import Candidate, Change, Release

SHOWN = 200


def delta(product: Product, old: str, new: str) -> dict[str, Any]:
    """The page. Asks a worker for a comparison that nobody has made yet; Http404 for names nobody knows."""
    before, after = end(product, old), end(product, new)
    variables = differing_variables(before, after)
    page = {
        "before": before,
        "after": after,
        "url": reverse("deployments:delta", args=[old, new]),
        "choice": choice(product, (old, before), (new, after)),
        "variables": variables,
    }
    if before.candidate is None or after.candidate is None:
        return {**page, "headline": _("There is nothing to compare yet"), "changes": []}
    if before.candidate.sha == after.candidate.sha:
        return {**page, "headline": same(before, after, variables), "changes": [], "is_same": True}
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
    commits = commit_count(found)
    return {
        "is_being_compared": found.status == Delta.Status.QUEUED,
        "error": found.error if found.status == Delta.Status.FAILED else "",
        "commits": found.commits[:SHOWN],
        "files": [{"status": status, "path": path} for status, path in found.files[:SHOWN]],
        "counts": {"commits": commits, "files": len(found.files), "migrations": len(found.migrations)},
        "commits_left_out": max(0, commits - SHOWN),
        "left_out": max(0, len(found.files) - SHOWN),
        "migrations": delta_rows.migrations(found, coming),
    }


def commit_count(found: Delta) -> int:
    """How many there are; not all of them are stored."""
    return max(found.commit_count, len(found.commits))
