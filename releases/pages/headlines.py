"""The verdict on a plan in one line, and what a frozen one stands on."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from environments import stops
from releases import candidates, freezing, signoffs, verdicts
from releases.enough import Standing
from releases.models import Candidate, Change, Release

S = Release.Status


def headline(release: Release, changes: list[Change], standing: Standing, reasons: list[str]) -> str:
    """The verdict on the plan."""
    if release.status == S.DRAFT:
        return ngettext("A draft with %(n)d change", "A draft with %(n)d changes", len(changes)) % {"n": len(changes)}
    if release.status == S.PLANNED:
        words = {"words": standing.words}
        return standing.words if reasons else _("%(words)s: enough to freeze") % words
    if release.status == S.FROZEN:
        return frozen_headline(release, changes)
    return ended_headline(release)


def frozen_headline(release: Release, changes: Iterable[Change]) -> str:
    """Where the frozen candidate is."""
    version, candidate = {"version": release.version}, release.candidate
    if candidate is None or candidate.status == Candidate.Status.COMPOSING:
        if stops.in_force(release.product):
            return _("%(version)s is put together when the emergency stop is lifted") % version
        return _("%(version)s is being put together") % version
    if candidate.status == Candidate.Status.FAILED:
        return _("%(version)s could not be put together") % version
    if candidate.staged_at is None:
        return _("%(version)s is on its way to staging") % version
    if not is_tested(release, changes):
        return _("%(version)s is tested as a whole") % version
    if not release.is_planned:
        return _("%(version)s was tested and waits for its last gates") % version
    if not signoffs.has_both(release):
        return _("%(version)s is tested and waits for its demo") % version
    return _("%(version)s was tested and shown, and waits for its last gates") % version


def is_tested(release: Release, changes: Iterable[Change]) -> bool:
    """Whether every yes holds for what is frozen: the changes' states follow from their verdicts, an undo's do not."""
    if release.is_undo:
        return verdicts.all_approved(release.candidate)
    return all(change.status == Change.Status.APPROVED for change in changes)


def ended_headline(release: Release) -> str:
    version = {"version": release.version}
    if release.status == S.LIVE:
        return _("%(version)s is live and watched") % version
    if release.status == S.DONE:
        return _("%(version)s is live and proven") % version
    if release.status == S.ROLLED_BACK:
        return _("%(version)s was taken back") % version
    return _("%(version)s was given up") % version


def stands_on(release: Release) -> dict[str, Any]:
    """What a frozen release stands on and makes way for, and what an undo takes out."""
    live = candidates.live(release.product) if release.is_frozen and not release.is_parked else None
    candidate = release.candidate
    is_ready = candidate is not None and candidate.status != Candidate.Status.COMPOSING
    return {
        "undone": list(release.undoes.order_by("number")) if release.is_undo else [],
        "makes_way_for": freezing.frozen(release.product).filter(parked_at=None).first() if release.is_parked else None,
        "base_moved": bool(live and is_ready and candidate.base_id != live.pk),
        "live": live,
    }
