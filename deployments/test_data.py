"""Test data of dev and staging: a named set, or a copy that was made harmless, by a command of lifecycle.toml."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import declared, running, targets
from deployments.drivers import DriverError
from deployments.models import Deployment
from environments.manifest import ManifestError, TestData
from environments.models import Environment
from lifecycle import events, jobs
from lifecycle.events import By
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases.models import Candidate

__test__ = False  # no tests, whatever pytest thinks of the name
RESTORE, SCRUB = "test_data", "scrub"
AGAIN_SECONDS = 5


def offered(environment: Environment) -> TestData | None:
    """What lifecycle.toml of the running release offers for test data here; never anything in production."""
    current = None if environment.is_production else running.current(environment)
    return _declared_by(current.candidate) if current else None


def _declared_by(candidate: Candidate) -> TestData | None:
    try:
        return targets.manifest_of(candidate).test_data
    except ManifestError:
        return None


@transaction.atomic
def request(environment: Environment, *, by: By, scrub: bool = False, at: datetime | None = None) -> None:
    """Have a worker restore the test data set, or copy and scrub. NotAllowed in production, or if nothing says how."""
    if environment.is_production:
        raise NotAllowed(_("Production never holds test data."))
    found = offered(environment)
    if found is None or not (found.scrub if scrub else found.restore):
        raise NotAllowed(_("Nothing runs here whose lifecycle.toml says how, under [test_data]."))
    if not environment.is_ready:
        raise NotAllowed(_("%(environment)s is not in use.") % {"environment": environment})
    jobs.enqueue(SCRUB if scrub else RESTORE, environment, product=environment.product)
    events.record("environment.data_requested", environment, by=by, at=at, scrub=scrub)


def could_not(work: Work) -> None:
    Environment.objects.filter(pk=work.subject_id).update(test_data_note=work.error)


@jobs.handler(RESTORE, ended=could_not, stands_still=True)
def restore(lease: Lease) -> None:
    _carry_out(lease, RESTORE)


@jobs.handler(SCRUB, ended=could_not, stands_still=True)
def scrub(lease: Lease) -> None:
    _carry_out(lease, SCRUB)


def _carry_out(lease: Lease, section: str) -> None:
    """Run the command against the environment's own data, and say when and which."""
    environment = Environment.objects.select_related("product", "cloned_from").get(pk=lease.row.subject_id)
    busy = _require_quiet(environment)
    if busy is not None:
        lease.log.warn(f"Deployment {busy.pk} is running there; it is tried again when that has ended.")
        due_at = timezone.now() + timedelta(seconds=AGAIN_SECONDS)
        jobs.enqueue(section, environment, product=environment.product, due_at=due_at)
        return
    name = name_of(environment)
    if not declared.run(lease, environment, section, TEST_DATA=name):
        raise Failed("Nothing says how, under [test_data].")
    facts = {"test_data_at": timezone.now(), "test_data_scrubbed": section == SCRUB, "test_data_note": ""}
    Environment.objects.filter(pk=environment.pk).update(**facts)


@transaction.atomic
def _require_quiet(environment: Environment) -> Deployment | None:
    """Failed in production and where the variables lead to production's database; the deployment that runs there.

    Under the environment's lock: from here on a claim sees this work (`is_going`), or this work has seen the claim.
    """
    if environment.is_production:
        raise Failed("Production never holds test data.")
    try:
        targets.require_own_database(environment)
    except DriverError as error:
        raise Failed(str(error)) from error
    return running.active(running.locked(environment))


def is_going(environment: Environment) -> bool:
    """Whether a worker is changing the environment's data now."""
    rows = Work.objects.filter(kind__in=[RESTORE, SCRUB], subject_id=environment.pk)
    return rows.filter(status__in=Work.ACTIVE).exists()


def held(environment: Environment) -> str:
    """What is there now: the set, or the copy that took its place; "" if nobody knows a name for it."""
    return _("A scrubbed copy") if environment.test_data_scrubbed else name_of(environment)


def name_of(environment: Environment) -> str:
    """The set that is restored: the environment's choice, else the one lifecycle.toml names."""
    found = offered(environment)
    return environment.test_data or (found.name if found else "")
