"""The gates of a release: what must be true of this digest before it may go to production.

The same functions answer the cockpit and decide inside the transaction that claims the deployment.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deployments import case_files
from deployments.bars import Barred
from deployments.case_files import CaseFile
from deployments.cases import Case, Gate
from deployments.checklist_gate import checklist_done
from deployments.models import BreakGlass
from deployments.proof_gates import backup_declared, expand_proved, rollback_rehearsed
from deployments.word_gates import approvals, changes_approved, customers_demo, managers_demo
from environments.models import Environment
from lifecycle.transitions import NotAllowed
from releases import candidates, external_checks
from releases.models import Candidate, Check, Release


class Shut(NotAllowed):
    """Not to production yet: `gates` are closed."""

    def __init__(self, message: str, gates: list[Gate]) -> None:
        super().__init__(message)
        self.gates = gates


class ShutForNow(Shut, Barred):
    """All that are closed open by themselves."""


def gates(release: Release, *, production: Environment | None = None, at: datetime | None = None) -> list[Gate]:
    """All gates in the order of the process; only the first one, closed, before there is a candidate to speak of.

    `production` saves the question where it is, if it is at hand.
    """
    return of(case_files.read(release, at=at), production=production)


def of(file: CaseFile, *, production: Environment | None = None) -> list[Gate]:
    """The same out of a file that was read already."""
    case = case_of(file, production=production)
    if case is None:
        return [_nothing_frozen(file.release, production or file.place(Environment.Kind.PRODUCTION))]
    makers = GATES if file.release.is_planned else [make for make in GATES if make not in DEMOS]
    found = [gate for make in makers if (gate := make(case)) is not None]
    return [_forced(gate, case) for gate in found]


def case_of(file: CaseFile, *, production: Environment | None = None) -> Case | None:
    """None before there is a candidate to speak of, and somewhere to bring it."""
    place, candidate = production or file.place(Environment.Kind.PRODUCTION), file.release.candidate
    if candidate is None or candidate.status != Candidate.Status.READY or place is None:
        return None
    return Case(file.release, candidate, place, file)


def _forced(gate: Gate, case: Case) -> Gate:
    """The gate, open if people's words are all that it lacks and the glass was broken."""
    if gate.is_open or gate.key not in BY_PEOPLE or case.glass is None:
        return gate
    evidence = _("Break-glass by %(who)s: %(reason)s") % {"who": broken_by(case.glass), "reason": case.glass.reason}
    return replace(gate, is_open=True, evidence=evidence, since=case.glass.second_at or case.glass.first_at)


def broken_by(glass: BreakGlass) -> str:
    return ", ".join(str(person) for person in (glass.first_by, glass.second_by) if person)


def missing(release: Release, *, production: Environment | None = None, at: datetime | None = None) -> list[Gate]:
    """The gates that are closed."""
    return [gate for gate in gates(release, production=production, at=at) if not gate.is_open]


def require_open(release: Release, *, production: Environment | None = None, at: datetime | None = None) -> None:
    """Shut, naming every closed gate with its evidence, unless all are open."""
    if closed := missing(release, production=production, at=at):
        raise refusal(release, closed)


def refusal(release: Release, closed: list[Gate]) -> Shut:
    """What is said of these closed gates."""
    reasons = "; ".join(f"{gate.label}: {gate.evidence.rstrip('.')}" for gate in closed) + "."
    kind = ShutForNow if {gate.key for gate in closed} == {"no_freeze"} else Shut
    text = _("Release %(release)s may not go to production yet. %(reasons)s")
    return kind(text % {"release": release, "reasons": reasons}, closed)


def _nothing_frozen(release: Release, place: Environment | None) -> Gate:
    evidence = _("The release is not frozen, or its candidate is still being composed.")
    if place is None:
        evidence = _("The product has no production environment.")
    elif release.candidate and release.candidate.status == Candidate.Status.FAILED:
        evidence = release.candidate.error
    url = reverse("releases:detail", args=[release.version])
    return Gate("candidate", _("Candidate frozen"), False, evidence, _("Product owner"), url)


def _check_passed(case: Case) -> Gate:
    check = case.check(Check.Kind.TESTS)
    evidence = _("The combined tests have not run yet.")
    missing = external_checks.open_ones(case.checks)
    if check:
        evidence = " ".join([check.verdict.rstrip(".") + ".", *missing]) if missing else check.verdict
    return Gate(
        "check_passed",
        _("Tested together"),
        bool(check and check.status == Check.Status.PASSED and not missing),
        evidence,
        _("A worker"),
        reverse("releases:combined", args=[case.release.version]),
        check.finished_at if check else None,
    )


def _base_current(case: Case) -> Gate:
    stands_on = case.candidate.base_id == (case.live.pk if case.live else None)
    evidence = (
        _("It stands on %(base)s, which is live.")
        if stands_on
        else _("It was composed on %(base)s, but something else is live now: put it together again.")
    )
    return Gate(
        "base_current",
        _("Built on what is live"),
        stands_on,
        evidence % {"base": (case.live if stands_on else case.candidate.base) or "–"},
        _("Product owner"),
        reverse("releases:detail", args=[case.release.version]),
    )


def _as_composed(case: Case) -> Gate | None:
    """Only when something that its digest is made of was changed since: nobody has tested or approved that."""
    changed = candidates.changed_facts(case.candidate, case.rows)
    if not changed:
        return None
    facts = {"facts": ", ".join(str(FACTS[name]) for name in changed)}
    evidence = _("Changed since: %(facts)s. Put it together again.") % facts
    url = reverse("releases:detail", args=[case.release.version])
    return Gate("as_composed", _("As it was put together"), False, evidence, _("Product owner"), url)


def _has_staging(case: Case) -> Gate | None:
    """Only while it makes way: it would go live under a hotfix that was put together without it."""
    if not case.release.is_parked:
        return None
    text = _("%(release)s made way; it is put together again when it comes back.") % {"release": case.release}
    url = reverse("releases:detail", args=[case.release.version])
    return Gate("has_staging", _("Its turn on staging"), False, text, _("A worker"), url, case.release.parked_at)


def _no_freeze(case: Case) -> Gate:
    lock = case.lock
    passed = {window: case.overridden(window) for window in case.windows}
    closed = next((window for window, word in passed.items() if word is None), None)
    window, word = list(passed.items())[-1] if passed else (None, None)
    url = reverse("environments:settings", args=[case.production.slug])
    evidence = _("No freeze and no lock.")
    if lock:
        evidence = _("Locked by %(who)s: %(reason)s") % {"who": lock.owner, "reason": lock.reason}
    elif closed:
        evidence = _("Freeze: %(reason)s") % {"reason": closed.reason}
        url = reverse("deployments:override_freeze", args=[case.release.version])
    elif window and word:
        evidence = _("Let through by %(who)s: %(reason)s") % {"who": word.actor, "reason": window.reason}
    is_open = not lock and closed is None
    return Gate("no_freeze", _("No freeze"), is_open, evidence, _("DevOps"), url)


GATES: tuple[Callable[[Case], Gate | None], ...] = (
    changes_approved,
    _check_passed,
    checklist_done,
    expand_proved,
    backup_declared,
    managers_demo,
    customers_demo,
    rollback_rehearsed,
    _base_current,
    _as_composed,
    _has_staging,
    _no_freeze,
    approvals,
)
DEMOS = (managers_demo, customers_demo)
"""What a hotfix or an undo does not wait for; everything else holds for them too."""
BY_PEOPLE = frozenset({"changes_approved", "checklist_done", "managers_demo", "customers_demo", "approvals"})
"""What broken glass opens: people's words. What a machine proves, or what it stands on, stays shut."""
FACTS = {
    "base": gettext_lazy("what it stands on"),
    "tree": gettext_lazy("its files"),
    "changes": gettext_lazy("its changes or what they say about their migrations"),
    "manifest": gettext_lazy("lifecycle.toml"),
}
