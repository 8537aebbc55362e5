"""The combined test of a frozen release: its tests by command, the search for what fails, and the checklist."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from environments.holds import holder
from environments.models import Environment
from environments.queries import of_kind
from lifecycle.dates import ago
from lifecycle.roles import Actor
from releases import candidates, checklists, searches, trials
from releases.models import Candidate, Check, ChecklistAnswer, ChecklistItem, Release, Search, Suspicion


@dataclass(frozen=True)
class Point:
    """A point of the checklist with what was found."""

    item: ChecklistItem
    answer: ChecklistAnswer | None
    when: str


@dataclass(frozen=True)
class Trial:
    """One step of the search: what was tested, and how it went."""

    words: str
    check: Check | None
    suspicion: Suspicion | None = None


def page(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything combined.html shows."""
    candidate = release.candidate
    points = points_of(release)
    return {
        "release": release,
        "candidate": candidate,
        "headline": headline(release, points),
        "check": searches.tests_of(candidate),
        "points": points,
        "done": done_words(points),
        "may_answer": may_answer(release, actor),
        "why_not": why_not(release, actor),
        "may_edit": may_edit(release, actor),
        "changes": checklists.changes_of(release),
        **search_of(release, actor),
    }


def search_of(release: Release, actor: Actor) -> dict[str, Any]:
    """What _suspects.html shows; it asks for itself again while a worker looks."""
    search = searches.newest(release)
    culprit = searches.culprit_of(search) if search else None
    return {
        "release": release,
        "search": search,
        "trials": steps_of(search) if search else [],
        "conclusion": searches.conclusion(search) if search else "",
        "culprit": culprit,
        "leaving": trials.going(search, culprit.change) if search and culprit else [],
        "eject_reason": eject_reason(search, culprit) if search and culprit else "",
        "may_eject": actor.may("freeze_release") and release.is_frozen and release.is_planned,
    }


def points_of(release: Release) -> list[Point]:
    found = checklists.points_of(release, release.candidate)
    digest = release.candidate.digest if release.candidate else ""
    answers = checklists.answers_of(found, digest)
    return [Point(item, answers.get(item.pk), ago(answers[item.pk].at) if item.pk in answers else "") for item in found]


def done_words(points: list[Point]) -> str:
    facts = {"n": sum(bool(point.answer and point.answer.ok) for point in points), "all": len(points)}
    return _("%(n)d of %(all)d") % facts


def headline(release: Release, points: list[Point]) -> str:
    """The verdict on the whole."""
    version, check = {"version": release.version}, searches.tests_of(release.candidate)
    if not release.is_frozen:
        return _("%(version)s is not frozen") % version
    if release.candidate is None or release.candidate.status != Candidate.Status.READY:
        return _("%(version)s is being put together") % version
    if check is not None and check.status in (Check.Status.FAILED, Check.Status.ERRORED):
        return _("The tests of %(version)s fail together") % version
    if any(point.answer and not point.answer.ok for point in points):
        return _("A tester found something in %(version)s") % version
    left = sum(point.answer is None for point in points)
    if check is None or check.status != Check.Status.PASSED:
        return _("The tests of %(version)s run") % version
    if left:
        return _("%(version)s passed its tests and waits for a tester") % version
    return _("%(version)s works together") % version


def may_answer(release: Release, actor: Actor) -> bool:
    return actor.may("give_verdict") and not why_not(release, actor)


def may_edit(release: Release, actor: Actor) -> bool:
    return actor.may("edit_checklist") and not release.is_out and release.status != Release.Status.DROPPED


def why_not(release: Release, actor: Actor) -> str:
    """Why nobody can go through the list now; "" if one can."""
    candidate, now = release.candidate, candidates.on_staging(release.product)
    if not release.is_frozen or candidate is None:
        return _("It is gone through when the release is frozen.")
    if now is None or now.digest != candidate.digest or not candidate.digest:
        return _("Staging does not run it now.")
    staging = of_kind(release.product, Environment.Kind.STAGING)
    other = holder(staging) if staging else None
    return _("%(who)s holds staging.") % {"who": other} if other not in (None, actor.user) else ""


def steps_of(search: Search) -> list[Trial]:
    """The steps of the search in their order."""
    found = [Trial(_("Everything together"), search.failed), Trial(_("The same once more"), search.repeat)]
    if search.base_trial_id:
        found.append(Trial(_("Without any change"), search.base_check))
        rows = search.suspicions.select_related("change", "check_run", "trial")
        found += [Trial(_("Without %(change)s") % {"change": row.change}, row.check_run, row) for row in rows]
    return found


def eject_reason(search: Search, culprit: Suspicion) -> str:
    """What is proposed as the reason; whoever presses may write another one."""
    facts = {"change": culprit.change.key, "what": search.failed.summary}
    return (_("The tests fail with %(change)s and pass without it: %(what)s") % facts)[:500]
