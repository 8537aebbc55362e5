"""Whose word counts for a release, and how many are needed."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from environments.models import Environment
from lifecycle.models import Product, Role
from releases.models import Approval, Candidate, Release

RULES: dict[str, dict[str, int]] = {
    Product.Preset.SOLO: {Role.MANAGER: 1},
    Product.Preset.SMALL: {Role.MANAGER: 1},
    Product.Preset.STRICT: {Role.MANAGER: 1},
}
"""Preset → how many approvals of each role; who counts is in approvals.py."""


def counted(release: Release, candidate: Candidate, environment: Environment) -> QuerySet[Approval]:
    """The words that hold: on this digest and this configuration of production, not withdrawn."""
    given = release.approvals.filter(digest=candidate.digest, config_version=environment.config_version)
    return given.filter(withdrawn_at=None).select_related("by").order_by("at")


def still_needed(product: Product, words: Iterable[Approval]) -> dict[str, int]:
    """Role → how many approvals are missing beside these words, which hold."""
    roles = [word.role for word in words if word.outcome == Approval.Outcome.YES]
    rule = RULES[product.preset]
    return {role: number - roles.count(role) for role, number in rule.items() if roles.count(role) < number}


def summary(words: list[Approval], needed: dict[str, int]) -> str:
    """Who said what, and how many words are missing."""
    said = [_said(word) for word in words]
    if needed:
        count = sum(needed.values())
        said.append(
            ngettext("%(count)d approval is missing", "%(count)d approvals are missing", count) % {"count": count}
        )
    return "; ".join(said)


def _said(word: Approval) -> str:
    text = f"{word.by}: {word.get_outcome_display()}"
    return _("%(said)s (own work)") % {"said": text} if word.is_own_work else text
