"""The steps of a deployment and of the way back. Each is idempotent: a second worker may take it again."""

from functools import partial
from pathlib import Path
from typing import Any

from deployments import building, drivers, proofs, running, snapshots, targets
from deployments.artefacts import WrongArtefact
from deployments.attempts import Attempt, NotNeeded, Plan, StepFailed
from deployments.building import Command
from deployments.drivers import Driver, DriverError
from deployments.drivers.base import no_note
from deployments.models import Deployment, Step
from environments import repositories
from environments.git import GitError
from environments.manifest import CommandSection
from environments.migration_files import is_migration
from environments.models import Environment
from lifecycle import logs, process
from releases.models import Candidate

NOTHING_SAID = "exit code 0"


def prepare(attempt: Attempt, step: Step) -> str:
    """The artefact: built once per candidate, then only checked; and brought to where it will run."""
    candidate = attempt.deployment.candidate
    said = _prepare(attempt, step, candidate)
    _driver(attempt, candidate).bring(targets.release_of(candidate), **_hold(attempt))
    return said


def _prepare(attempt: Attempt, step: Step, candidate: Candidate) -> str:
    def run(command: Command, folder: Path) -> None:
        _run(attempt, step, command.argv, command.section, cwd=folder, env=command.env)

    try:
        return building.prepare(
            candidate,
            attempt.lease.fence,
            run,
            wait=attempt.check,
            say=attempt.lease.log.warn,
            by=attempt.deployment,
        )
    except WrongArtefact as error:
        raise StepFailed(str(error), is_final=True) from error


def _driver(attempt: Attempt, candidate: Candidate, *, step: Step | None = None) -> Driver:
    """The environment's driver; what is tried again under one deployment's key takes effect once.

    With `step` the command that changes the target is on its row.
    """
    note = partial(attempt.note, step) if step else no_note
    return targets.driver_for(
        attempt.environment,
        candidate,
        given=attempt.given(),
        deployment=attempt.deployment,
        note=note,
        goes_back=attempt.going_back,
        again=attempt.again,
    )


def _hold(attempt: Attempt) -> dict[str, Any]:
    """What every act on a target needs. Who lost the lease stops without a word: it is not theirs to cancel."""

    def stop() -> bool:
        attempt.lease.check()
        return attempt.stop()

    return {"fence": attempt.lease.fence, "log": attempt.output.add, "stop": stop}


def backup(attempt: Attempt, step: Step) -> str:
    """Before any migration on production."""
    if attempt.environment.kind != Environment.Kind.PRODUCTION:
        raise NotNeeded("only on production")
    if not brings_migrations(attempt.deployment):
        raise NotNeeded("no migration in this delta")
    manifest = targets.manifest_of(attempt.deployment.candidate)
    if manifest.migrate is not None and manifest.backup is None:
        attempt.lease.log.warn("lifecycle.toml has no [backup]: this migration goes to production without one.")
    log = attempt.deployment.log_key
    before = logs.newest_sequence(log)
    said = _command(attempt, step, "backup", attempt.deployment.candidate)
    attempt.output.store()
    return logs.last_output(log, after=before) or said


def brings_migrations(deployment: Deployment) -> bool:
    """Whether a migration file differs from what ran before, or a change says so; unknown counts as yes."""
    if deployment.previous is None:
        return True
    candidate = deployment.candidate
    if deployment.previous_id != candidate.pk and proofs.migrating(proofs.rows_of(candidate)):
        return True
    files = repositories.git(candidate.repository).diff(deployment.previous.sha, candidate.sha)
    migrate = targets.manifest_of(candidate).migrate
    globs = migrate.files if migrate else ()
    return any(file.status != "D" and is_migration(file.path, globs) for file in files)


def migrate(attempt: Attempt, step: Step) -> str:
    return _command(attempt, step, "migrate", attempt.deployment.candidate)


def _command(attempt: Attempt, step: Step, section: str, candidate: Candidate) -> str:
    """Run a section of lifecycle.toml; NotNeeded if the product has none."""
    driver = _driver(attempt, candidate)
    release = targets.release_of(candidate)
    argv = driver.target.manifest.command(section, driver.target.context(release))
    if not argv:
        raise NotNeeded(f"lifecycle.toml has no [{section}]")
    _require_startable(attempt, step, driver, release, argv)
    if driver.runs_commands:
        driver.command(section, release, **_hold(attempt))
        return NOTHING_SAID
    limits = getattr(driver.target.manifest, section)
    _run(attempt, step, argv, limits, cwd=release.path, env=driver.target.environ(release))
    return NOTHING_SAID


def _require_startable(attempt: Attempt, step: Step, driver: Driver, release: drivers.Release, argv: list[str]) -> None:
    """What cannot even be started has not begun, so the way back stays open whatever it would have done."""
    try:
        if driver.runs_commands:
            if _is_one_way(attempt.deployment, step):
                driver.bring(release, **_hold(attempt))
        elif not process.is_startable(argv, cwd=release.path, env=driver.target.environ(release)):
            raise StepFailed(f"{argv[0]} cannot be started: there is no such command")
    except (DriverError, StepFailed):
        Step.objects.filter(pk=step.pk, deployment__fence=attempt.lease.fence).update(started_at=None)
        raise


def _is_one_way(deployment: Deployment, step: Step) -> bool:
    """Only then it is worth asking first whether the target can be reached at all."""
    before = deployment.previous
    return step.irreversible or (before is not None and bool(running.one_way(deployment.candidate, before)))


def _run(
    attempt: Attempt, step: Step, argv: list[str], limits: CommandSection, *, cwd: Path, env: dict[str, str]
) -> None:
    seconds = {"total_seconds": limits.timeout_seconds, "inactivity_seconds": limits.inactivity_seconds}
    attempt.run(step, argv, cwd=cwd, env=env, **seconds)


def switch(attempt: Attempt, step: Step) -> str:
    release = targets.release_of(attempt.deployment.candidate)
    _driver(attempt, attempt.deployment.candidate, step=step).switch(release, **_hold(attempt))
    return f"{attempt.environment} shall run {release.label}"


def health(attempt: Attempt, step: Step) -> str:
    return _health(attempt, attempt.deployment.candidate)


def _health(attempt: Attempt, candidate: Candidate) -> str:
    driver = _driver(attempt, candidate)
    release, seconds = targets.release_of(candidate), driver.target.manifest.health.timeout_seconds
    if not driver.health(release, deadline_seconds=seconds, log=attempt.output.add, stop=attempt.stop):
        raise StepFailed(f"{release.label} was not healthy within {seconds} s")
    return "healthy"


def verify(attempt: Attempt, step: Step) -> str:
    """Ask what really runs."""
    driver = _driver(attempt, attempt.deployment.candidate)
    if not driver.can_verify:
        raise NotNeeded("cannot verify: lifecycle.toml has no [probe]")
    label, answer = targets.release_of(attempt.deployment.candidate).label, driver.probe()
    if answer != label:
        raise StepFailed(f"asked which release runs, it says {answer or 'nothing'} instead of {label}")
    return f"{label} answers"


def snapshot(attempt: Attempt, step: Step) -> str:
    """Record in git what runs now. What runs was verified, so a broken mirror is said and does not undo it."""
    try:
        sha = snapshots.record(attempt.deployment)
    except GitError as error:
        attempt.lease.log.warn(f"The snapshot could not be recorded: {error}")
        return f"not recorded: {error}"
    attempt.lease.write(snapshot=sha)
    return f"{attempt.environment.branch} is at {sha[:8]}"


def go_back(attempt: Attempt, step: Step) -> str:
    """Make the environment run what was verified there last."""
    last = running.current(attempt.environment)
    if last is None:
        raise NotNeeded("nothing was verified here before")
    _prepare(attempt, step, last.candidate)
    _driver(attempt, last.candidate, step=step).restore(targets.release_of(last.candidate), **_hold(attempt))
    _health(attempt, last.candidate)
    _tell_of_it_again(attempt, last)
    return f"back on {running.release_id(last.candidate)}"


def _tell_of_it_again(attempt: Attempt, last: Deployment) -> None:
    """What was given up may have been recorded before it was: then the branch must not end with it."""
    try:
        snapshots.came_back(last, instead_of=attempt.deployment)
    except GitError as error:
        attempt.lease.log.warn(f"The snapshot of what runs again could not be recorded and is tried again: {error}")
        snapshots.record_later(last)


def probe(attempt: Attempt) -> str | None:
    """What runs according to the target itself; None without a clear answer."""
    try:
        return _driver(attempt, attempt.deployment.candidate).probe()
    except DriverError:
        return None


SWITCH, RETURN = "switch", Plan("return", go_back)
FORWARD = (
    Plan("prepare", prepare, section="build"),
    Plan("backup", backup, section="backup"),
    Plan("migrate", migrate, section="migrate"),
    Plan(SWITCH, switch, section="deploy"),
)
VERIFY = (Plan("health", health), Plan("verify", verify), Plan("snapshot", snapshot))
BACKWARD = (FORWARD[0], FORWARD[-1])


def before_verifying(deployment: Deployment) -> tuple[Plan, ...]:
    """A rollback is a switch, rehearsed or not: migrations are never reversed."""
    return BACKWARD if deployment.goes_back else FORWARD
