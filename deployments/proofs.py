"""What is known of the way back before production needs it: rehearsed on staging, or impossible and accepted.

Only reads; deployments/rehearsals.py does the rehearsing. A proof holds for a digest and the candidate that production
would go back to, so composing the same once more does not ask for another one.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import bars, bridges, running, targets
from deployments.models import Deployment, Rehearsal
from environments import holds, locks
from environments.models import Environment, Lock
from lifecycle import dates
from lifecycle.models import Event, Product
from releases import candidates, expansion, external_checks
from releases.migration_flags import migrations_of
from releases.models import Candidate, CandidateChange, Change, Check, Release

WAIVER = "release.rollback_waived"
REHEARSED, EXPANDED, BACKED_UP = "rollback_rehearsed", "expand_proved", "backup_declared"
"""The keys of the gates that are about the way back."""
FEW = 5
R = Rehearsal.Status


def would_return_to(product: Product) -> Candidate | None:
    """What a rollback of production would lead to after the next release: what it runs now."""
    place = running.production(product)
    return (running_in(place) if place else None) or candidates.live(product)


def running_in(place: Environment) -> Candidate | None:
    """The candidate that is recorded as running there."""
    now = running.current(place)
    return now.candidate if now else None


def staging_of(product: Product) -> Environment | None:
    return running.place(product, Environment.Kind.STAGING)


def impossible(candidate: Candidate, target: Candidate | None, staging: Environment | None) -> str:
    """Why going back from `candidate` to `target` cannot be rehearsed; "" if it can."""
    if target is None:
        return _("The first release: there is nothing to go back to.")
    if what := bridges.ahead(candidate, target):
        return no_way_back(what)
    return "" if staging else _("The product has no staging environment.")


def no_way_back(what: str) -> str:
    """The sentence about changes, or sections of lifecycle.toml, after which the older code does not run."""
    return _("No way back after %(changes)s: the older code does not run on the new schema.") % {"changes": what}


def latest(candidate: Candidate, target: Candidate | None) -> Rehearsal | None:
    """The newest rehearsal that speaks for this digest and this way back."""
    rows = Rehearsal.objects.filter(product=candidate.product_id, digest=candidate.digest, target=target)
    return rows.exclude(status=R.SUPERSEDED).select_related("environment", "back", "forward").order_by("-id").first()


def has_failed(release: Release) -> bool:
    """Whether the newest rehearsal of the frozen candidate went wrong."""
    found = latest(release.candidate, would_return_to(release.product)) if release.candidate else None
    return found is not None and found.status == R.FAILED


def going(product: Product) -> Rehearsal | None:
    """The rehearsal that has staging now."""
    rows = Rehearsal.objects.filter(product=product, status__in=[R.BACK, R.FORWARD])
    return rows.select_related("environment", "candidate", "target", "back", "forward").order_by("id").first()


def obstacle(staging: Environment, candidate: Candidate, *, at: datetime | None = None) -> str:
    """Why staging cannot be taken for a rehearsal of `candidate` at this moment; "" if it can."""
    who = holds.holder(staging, at=at)
    if who is not None:
        until = dates.clock(staging.held_until) if staging.held_until else ""
        return _("%(who)s holds it until %(time)s.") % {"who": who, "time": until}
    lock = locks.in_force(staging, at=at).filter(kind=Lock.Kind.HARD).first()
    if lock is not None:
        return _("It is locked by %(who)s: %(reason)s") % {"who": lock.owner, "reason": lock.reason}
    if is_busy(staging, at=at):
        return _("Something else is being deployed there.")
    return "" if runs(staging, candidate) else _("It does not run this candidate.")


def runs(staging: Environment, candidate: Candidate) -> bool:
    """Whether it runs the candidate for sure."""
    now = running.current(staging)
    return staging.state == Environment.State.OK and now is not None and now.candidate_id == candidate.pk


def is_busy(staging: Environment, *, at: datetime | None = None) -> bool:
    """Whether something is being done there, or would be if a worker were free; what is planned for later waits."""
    return running.active(staging) is not None or running.line(staging).filter(due_at__lte=at or Now()).exists()


def tested_together(candidate: Candidate) -> bool:
    """Whether the newest combined check has passed."""
    newest = candidate.checks.filter(kind=Check.Kind.TESTS).order_by("-id").first()
    return bool(newest and newest.status == Check.Status.PASSED and not external_checks.reasons(candidate))


def words(rehearsal: Rehearsal) -> str:
    """What it found, or where it is, in one sentence."""
    if rehearsal.status == R.SUCCEEDED:
        return _("Back in %(back)s, forward in %(forward)s on %(environment)s") % {
            "back": took(rehearsal.back_seconds),
            "forward": took(rehearsal.forward_seconds),
            "environment": rehearsal.environment,
        }
    if why := halted(rehearsal):
        return _("%(environment)s cannot come forward again now. %(why)s") % {
            "environment": rehearsal.environment,
            "why": why,
        }
    if rehearsal.status == R.BACK:
        return _("%(environment)s is going back now.") % {"environment": rehearsal.environment}
    if rehearsal.status == R.FORWARD:
        return _("%(environment)s is coming forward again.") % {"environment": rehearsal.environment}
    return rehearsal.reason


def took(seconds: float | None) -> str:
    """In words; a dash where nothing was measured."""
    return "–" if seconds is None else dates.took(seconds)


def halted(rehearsal: Rehearsal, *, at: datetime | None = None) -> str:
    """What keeps staging from coming forward again after it went back; "" while it is on its way."""
    back = rehearsal.back
    is_between = rehearsal.status == R.BACK and back is not None and back.is_final
    return bars.bar(rehearsal.environment, at=at) if is_between and rehearsal.environment else ""


def seconds_left(rehearsal: Rehearsal, *, at: datetime | None = None) -> int | None:
    """About how long until staging runs the candidate again, by the last rehearsal there; None if nobody can tell."""
    last = Rehearsal.objects.filter(environment=rehearsal.environment, status=R.SUCCEEDED).order_by("-id").first()
    if last is None or last.back_seconds is None or last.forward_seconds is None:
        return None
    began = begun(rehearsal.forward) or begun(rehearsal.back)
    whole = last.forward_seconds + (last.back_seconds if rehearsal.forward is None else 0)
    passed = ((at or timezone.now()) - began).total_seconds() if began else 0.0
    return max(1, round(whole - passed))


def begun(half: Deployment | None) -> datetime | None:
    return (half.started_at or half.requested_at) if half else None


def note(product: Product) -> str:
    """What testers read while staging is rehearsing; "" at all other times."""
    rehearsal = going(product)
    if rehearsal is None:
        return ""
    facts = {"candidate": rehearsal.candidate, "environment": rehearsal.environment, "n": seconds_left(rehearsal)}
    if why := halted(rehearsal):
        text = _("A rollback is being rehearsed on %(environment)s; %(candidate)s cannot come back now. %(why)s")
        return text % (facts | {"why": why})
    if facts["n"] is None:
        return _("A rollback is being rehearsed on %(environment)s; %(candidate)s is back in a moment.") % facts
    return _("A rollback is being rehearsed on %(environment)s; %(candidate)s is back in about %(n)s s.") % facts


def unproved(candidate: Candidate) -> str:
    """Why nobody can say whether what is live runs on the new schema; "" where that was tried, or needs no proof."""
    return could_not_run(expansion.latest(candidate) if expansion.expanding(candidate) else None)


def could_not_run(check: Check | None) -> str:
    """Why this proof could not even be tried; "" where it ran."""
    return f"{check.verdict.rstrip('.')}." if check and check.status == Check.Status.ERRORED else ""


def rows_of(candidate: Candidate) -> QuerySet[CandidateChange]:
    """What it takes in and out, with what the questions here look at."""
    return candidate.rows.select_related("change", "revision")


def migrating(rows: Iterable[CandidateChange]) -> list[Change]:
    """The changes that these rows of a candidate take in and that migrate, by what they say or by their files."""
    taken = [row for row in rows if row.action == CandidateChange.Action.APPLY]
    quiet = (Change.Migrations.UNKNOWN, Change.Migrations.NONE)
    return [row.change for row in taken if row.change.migrations not in quiet or migrations_of(row.revision)]


def not_backed_up(candidate: Candidate) -> str:
    """Why a migration would go to production with no backup before it; "" where there is one, or no migration."""
    return without_backup(candidate, migrating(rows_of(candidate)))


def without_backup(candidate: Candidate, migrating: list[Change]) -> str:
    """The same, of the changes that migrate."""
    found = migrating if targets.manifest_of(candidate).backup is None else []
    text = _("%(changes)s would migrate production with no backup before it: lifecycle.toml has no [backup].")
    return text % {"changes": few(found)} if found else ""


def few(changes: list[Change]) -> str:
    """ "C-1, C-2", and how many more there are behind the fifth."""
    keys = [change.key for change in changes]
    more = len(keys) - FEW
    return ", ".join(keys[:FEW]) + (_(" and %(n)d more") % {"n": more} if more > 0 else "")


def acceptable(release: Release) -> dict[str, str]:
    """What no worker can prove of the frozen candidate and DevOps may accept, by the gate that it opens."""
    candidate = release.candidate
    if candidate is None:
        return {}
    product = release.product
    way_back = impossible(candidate, would_return_to(product), staging_of(product))
    found = {REHEARSED: way_back, EXPANDED: unproved(candidate), BACKED_UP: not_backed_up(candidate)}
    return {key: why for key, why in found.items() if why}


def one_way(release: Release) -> str:
    """What of the release the older code does not run after: neither a click nor the watch goes back; "" if nothing."""
    target = would_return_to(release.product)
    return bridges.ahead(release.candidate, target) if release.candidate and target else ""


def waived(release: Release, candidate: Candidate, gate: str) -> Event | None:
    """DevOps' word that this digest may ship although the gate with this key stays shut."""
    about = Event.objects.filter(subject_kind="release", subject_id=release.pk, verb=WAIVER)
    said = about.filter(data__digest=candidate.digest, data__gates__contains=[gate])
    return said.select_related("actor").first()
