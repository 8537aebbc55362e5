"""Restoring the latest backup into a place of its own, by the product's command: a backup nobody restored is a hope.

`[restore_drill]` of lifecycle.toml runs in the artefact that is live, with a scratch folder as DATA_DIR, the
environment's own data folder as LIVE_DATA_DIR, and as BACKUP what the last backup said of where it is, weekly and when
somebody asks.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import declared, running, steps, targets
from deployments.drivers import Driver, DriverError, Release
from deployments.models import BackupDrill, Deployment, Step
from environments.manifest import CommandSection, Context, ManifestError
from environments.models import Environment
from lifecycle import events, jobs, logs, process, retries
from lifecycle.events import By, Machine
from lifecycle.jobs import Lease
from lifecycle.models import Work
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed, move
from releases.models import Candidate

DRILLER = Machine("drill")
EVERY = timedelta(days=7)
S = BackupDrill.Status


class NotRestored(Exception):
    """The backup could not be restored; the text is for people."""


def tick(*, at: datetime | None = None) -> None:
    """Ask for the drills that are due; two ticks at once ask once."""
    for environment in due(at=at):
        try:
            request(environment, by=DRILLER, at=at)
        except NotAllowed:
            continue


def due(*, at: datetime | None = None) -> Iterator[Environment]:
    """Production environments that were backed up and not drilled for a week, whose product says how."""
    lately = (at or timezone.now()) - EVERY
    backups = real_backups().filter(deployment__environment=OuterRef("pk"))
    drills = BackupDrill.objects.filter(environment=OuterRef("pk"), requested_at__gt=lately)
    places = Environment.objects.filter(kind=Environment.Kind.PRODUCTION).select_related("product")
    for environment in places.filter(Exists(backups), ~Exists(drills)):
        if not why_not(environment):
            yield environment


def why_not(environment: Environment) -> str:
    """Why no backup of it can be drilled; "" if one can."""
    now = running.current(environment)
    if environment.kind != Environment.Kind.PRODUCTION:
        return _("Only production is backed up.")
    if now is None:
        return _("Nothing was deployed there yet.")
    if section_of(now.candidate) is None:
        return _("lifecycle.toml does not say how: it has no [restore_drill] section.")
    return "" if last_backup(environment) else _("Nothing was backed up yet.")


def section_of(candidate: Candidate) -> CommandSection | None:
    try:
        return targets.manifest_of(candidate).restore_drill
    except ManifestError:
        return None


@transaction.atomic
def request(environment: Environment, *, by: By, at: datetime | None = None) -> BackupDrill:
    """Queue a drill (Work kind "restore_drill"). NotAllowed while one waits, or where none is possible."""
    environment = running.locked(environment)
    if reason := why_not(environment):
        raise NotAllowed(reason)
    if environment.backup_drills.filter(status=S.QUEUED).exists():
        raise NotAllowed(_("A backup is being restored already."))
    drill = BackupDrill.objects.create(
        environment=environment,
        requested_by=None if isinstance(by, Machine) else by,
        requested_at=at or timezone.now(),
    )
    events.record("backupdrill.requested", drill, by=by, product=environment.product, at=at)
    jobs.enqueue("restore_drill", drill, product=environment.product)
    return drill


def broke_off(work: Work) -> None:
    """The worker died or failed while it ran: a restore that was not seen to the end is none."""
    drill = BackupDrill.objects.select_related("environment__product").get(pk=work.subject_id)
    if drill.status == S.QUEUED:
        finish(drill, S.FAILED, note=work.error)


def put_back(work: Work) -> None:
    """Everything was stopped while it ran: it waits still, and begins anew."""
    drill = BackupDrill.objects.get(pk=work.subject_id)
    logs.Writer(drill.log_key).warn("Everything was stopped. It begins anew when that is lifted.")


@jobs.handler("restore_drill", queue="default", ended=broke_off, stands_still=True, halted=put_back)
def restore(lease: Lease) -> None:
    """Run one drill to its end; one that ended is left alone."""
    drill = BackupDrill.objects.select_related("environment__product").get(pk=lease.row.subject_id)
    if drill.status != S.QUEUED:
        return
    log, begun = logs.Writer(drill.log_key, targets.secrets_of(drill.environment)), time.monotonic()
    try:
        run(drill.environment, lease, log)
    except (NotRestored, DriverError, ManifestError, OSError) as error:
        said = logs.last_output(drill.log_key)
        log.error(str(error))
        finish(drill, S.FAILED, note=f"{error} ({said})" if said else str(error), seconds=time.monotonic() - begun)
        return
    log.ok(f"Restored in {time.monotonic() - begun:.1f} s.")
    finish(drill, S.SUCCEEDED, note=logs.last_output(drill.log_key), seconds=time.monotonic() - begun)


def run(environment: Environment, lease: Lease, log: logs.Writer) -> None:
    """Restore into a scratch folder that is thrown away; NotRestored unless the command says it worked."""
    now = running.current(environment)
    section = section_of(now.candidate) if now else None
    if now is None or section is None:
        raise NotRestored(why_not(environment))
    driver, release = targets.driver_for(environment, now.candidate), targets.release_of(now.candidate)
    where = location(environment)
    drill = _Drill(driver, release, section, {"BACKUP": where} if where else {}, lease, log)
    if driver.runs_commands:
        drill.there()
    else:
        drill.here()


@dataclass(frozen=True)
class _Drill:
    """One drill, as often as its section says; each try has a scratch folder of its own."""

    driver: Driver
    release: Release
    section: CommandSection
    facts: dict[str, str]
    lease: Lease
    log: logs.Writer

    def there(self) -> None:
        """At the target, where the backup is."""
        for is_last in retries.tries(self.section.retries, self.log.warn):
            try:
                with declared.at_target(self.lease, self.log) as hold:
                    self.driver.drill(self.release, facts=self.facts, **hold)
                return
            except DriverError:
                if is_last:
                    raise

    def here(self) -> None:
        done = retries.run(self._once, self.section.retries, self.log.warn)
        if not done.ok:
            said = f"exit code {done.exit_code}" if done.reason == "exited" else f"no end after {done.seconds:.0f} s"
            raise NotRestored(f"[restore_drill]: {said}")

    def _once(self) -> process.Finished:
        """LeaseLost if the work was taken away meanwhile."""
        batch = logs.Batch(self.log)
        with tempfile.TemporaryDirectory(prefix="lifecycle-drill-") as scratch:
            target = self.driver.target
            context = Context(target.environment, self.release.label, str(self.release.path), scratch)
            argv = target.manifest.command("restore_drill", context)
            self.log.info("$ " + " ".join(argv))
            done = process.run(
                argv,
                cwd=self.release.path,
                env=context.environ(target.variables) | {"LIVE_DATA_DIR": str(target.data)} | self.facts,
                on_output=batch.add,
                stop=self.lease.lost,
                total_seconds=self.section.timeout_seconds,
                inactivity_seconds=self.section.inactivity_seconds,
            )
        batch.store()
        self.lease.check()
        return done


@transaction.atomic
def finish(drill: BackupDrill, status: str, *, note: str, seconds: float | None = None) -> None:
    """Write the ending; DevOps hear of a backup that cannot be restored."""
    drill.note = note
    drill.save(update_fields=["note"])  # `note` of a move is the event's, not the row's
    move(drill, status, by=DRILLER, seconds=seconds, finished_at=timezone.now())
    environment = drill.environment
    if status == S.FAILED:
        tell(
            people_who_may("configure", environment.product),
            "backup.drill_failed",
            url=reverse("deployments:backups", args=[environment.slug]),
            key=f"drill:{drill.pk}",
            product=environment.product,
            environment=environment,
            reason=note,
        )


def real_backups() -> QuerySet[Step]:
    """The backups that were made; before the very first deployment there may have been nothing to copy."""
    return Step.objects.filter(key="backup", status=Step.Status.DONE, deployment__previous__isnull=False)


def last_backup(environment: Environment) -> tuple[Deployment, str] | None:
    """The newest deployment that was backed up before, and where the copy is, in its command's words."""
    done = real_backups().filter(deployment__environment=environment)
    step = done.select_related("deployment__candidate").order_by("-finished_at").first()
    return (step.deployment, step.detail) if step else None


def location(environment: Environment) -> str:
    """Where the newest backup is, in its command's last words; "" if it printed none."""
    found = last_backup(environment)
    return "" if found is None or found[1] == steps.NOTHING_SAID else found[1]
