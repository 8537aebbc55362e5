"""The gates that are about the way back: rehearsed on staging, the old release proved to run on the new schema, and a
backup before production is migrated.

Where that cannot be done at all, DevOps' word that they know opens them; a proof that failed needs another candidate.
"""

from django.urls import reverse
from django.utils.translation import gettext as _

from deployments import proofs
from deployments.cases import Case, Gate
from deployments.models import Rehearsal
from lifecycle.models import Event
from releases import expansion
from releases.models import Check


def rollback_rehearsed(case: Case) -> Gate:
    """Open when staging has gone back and forward with this digest, or when DevOps accept that it cannot."""
    found, why = case.rehearsal, case.impossible
    is_open = bool(found and found.status == Rehearsal.Status.SUCCEEDED)
    evidence = proofs.words(found) if found else _("It is rehearsed when the candidate is on staging and tested.")
    if why:
        word = case.waived(proofs.REHEARSED)
        evidence, is_open = accepted(why, word), word is not None
    elif found and found.status == Rehearsal.Status.QUEUED and found.environment is not None:
        evidence = waits(case.obstacle(found.environment))
    return Gate(
        proofs.REHEARSED,
        _("Rollback rehearsed"),
        is_open,
        evidence,
        _("DevOps") if why else _("A worker"),
        reverse("deployments:cockpit", args=[case.release.version]),
        found.finished_at if found and is_open else None,
    )


def accepted(why: str, word: Event | None) -> str:
    if word is None:
        return why
    return _("%(why)s Accepted by %(who)s.") % {"why": why, "who": word.actor}


def waits(obstacle: str) -> str:
    return _("Staging is not free: %(why)s") % {"why": obstacle} if obstacle else _("It begins in a moment.")


def expand_proved(case: Case) -> Gate | None:
    """Only where a change says "expand": the tests of what is live must pass on the schema that it leaves."""
    if not any(expansion.expands(row) for row in case.rows):
        return None
    check = case.check(Check.Kind.EXPAND)
    evidence = check.verdict if check else _("The tests of what is live have not run on the new schema yet.")
    is_open = bool(check and check.status == Check.Status.PASSED)
    cannot = proofs.could_not_run(check)
    if cannot:
        word = case.waived(proofs.EXPANDED)
        evidence, is_open = accepted(cannot, word), word is not None
    return Gate(
        proofs.EXPANDED,
        _("What is live runs on the new schema"),
        is_open,
        evidence,
        _("DevOps") if cannot else _("A worker"),
        reverse("releases:check", args=[check.pk]) if check else case_url(case),
        check.finished_at if check and is_open else None,
    )


def backup_declared(case: Case) -> Gate | None:
    """Only where production will be migrated: there is a backup before it, or DevOps accept that there is none."""
    migrating = proofs.migrating(case.rows)
    if not migrating:
        return None
    why = proofs.without_backup(case.candidate, migrating)
    word = case.waived(proofs.BACKED_UP) if why else None
    evidence = accepted(why, word) if why else _("Made by [backup] before the migration runs.")
    return Gate(
        proofs.BACKED_UP,
        _("A backup before the migration"),
        not why or word is not None,
        evidence,
        _("DevOps"),
        case_url(case),
    )


def case_url(case: Case) -> str:
    return reverse("releases:detail", args=[case.release.version])
