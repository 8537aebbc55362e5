"""Commands that lifecycle.toml declares for a place and not for a deployment: create, destroy, restore test data."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from deployments import drivers, running, targets
from deployments.drivers import Driver, DriverError, Stopped
from deployments.keeper_state import FencedOut
from environments import repositories
from environments.git import GitError
from environments.manifest import CommandSection, ManifestError, TestData
from environments.models import Environment
from lifecycle import logs, process, retries
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed
from releases import candidates
from releases.models import Candidate

TROUBLE = (DriverError, ManifestError, GitError, NotAllowed, OSError)


def candidate_for(environment: Environment) -> Candidate | None:
    """Whose lifecycle.toml speaks: what runs here, else where it was cloned from, else in production."""
    source = environment.cloned_from
    found = running.current(environment) or (running.current(source) if source else None)
    return found.candidate if found else candidates.live(environment.product)


def run(lease: Lease, environment: Environment, section: str, **facts: str) -> bool:
    """Run the command of `section` in its release's folder; False when none is declared.

    jobs.Failed, with a sentence, when it did not end well or would have reached production's database. Its output is
    the log of the lease.
    """
    candidate = candidate_for(environment)
    if candidate is None:
        return False
    try:
        lease.log.mask_also(targets.secrets_of(environment))
        targets.require_own_database(environment)
        driver = targets.driver_for(environment, candidate)
        if driver.runs_commands:
            return _run_there(lease, driver, environment.fence, targets.release_of(candidate), section, facts)
        with _in_its_folder(candidate) as release:
            return _run(lease, driver, release, section, facts)
    except FencedOut as error:
        raise Failed("A deployment began on the servers meanwhile: try it again.") from error
    except TROUBLE as error:
        raise Failed(str(error)) from error


@contextmanager
def _in_its_folder(candidate: Candidate) -> Iterator[drivers.Release]:
    """The release where it is kept, else a copy of its files for as long as this takes."""
    release = targets.release_of(candidate)
    if release.path.exists():
        yield release
        return
    with tempfile.TemporaryDirectory(prefix="lifecycle-") as folder:
        checkout = Path(folder) / "checkout"
        repositories.git(candidate.repository).export(candidate.sha, checkout)
        yield replace(release, path=checkout)


def _run_there(
    lease: Lease, driver: Driver, fence: int, release: drivers.Release, section: str, facts: dict[str, str]
) -> bool:
    """The command at the target, where the environment's data is. A deployment that begins meanwhile ends it."""
    manifest = driver.target.manifest
    if not manifest.command(section, driver.target.context(release)):
        lease.log.info(f"lifecycle.toml declares no command for {section}.")
        return False
    for is_last in retries.tries(manifest.limits(section).retries, lease.log.warn):
        try:
            with at_target(lease, lease.log) as hold:
                driver.declared(section, release, fence=fence, facts=facts, **hold)
            break
        except DriverError:
            if is_last:
                raise
    lease.log.ok(f"{section}: exit code 0")
    return True


@contextmanager
def at_target(lease: Lease, log: logs.Writer) -> Iterator[dict[str, Any]]:
    """What a driver is given to act outside a deployment. LeaseLost, once all has ended there, if it was taken away."""
    output = logs.Batch(log)

    def stop() -> bool:
        output.store_if_due()
        return lease.lost()

    try:
        yield {"log": output.add, "stop": stop}
    except Stopped:
        lease.check()
        raise
    finally:
        output.store()
    lease.check()


def _run(lease: Lease, driver: Driver, release: drivers.Release, section: str, facts: dict[str, str]) -> bool:
    target = driver.target
    argv = target.manifest.command(section, target.context(release))
    if not argv:
        lease.log.info(f"lifecycle.toml declares no command for {section}.")
        return False
    limits = target.manifest.limits(section)
    once = partial(_once, lease, argv, release.path, target.environ(release) | facts, limits)
    done = retries.run(once, limits.retries, lease.log.warn)
    if done.ok:
        lease.log.ok(f"{section}: exit code 0 ({done.seconds:.1f} s)")
        return True
    how = f"exit code {done.exit_code}" if done.reason == "exited" else f"{done.reason} after {done.seconds:.0f} s"
    raise Failed(f"The command for {section} did not end well: {how}.")


def _once(
    lease: Lease, argv: list[str], cwd: Path, env: dict[str, str], limits: CommandSection | TestData
) -> process.Finished:
    """Run it once; LeaseLost if somebody else has the work by now."""
    output = logs.Batch(lease.log)
    lease.log.info("$ " + " ".join(argv))

    def stop() -> bool:
        output.store_if_due()
        return lease.lost()

    done = process.run(
        argv,
        cwd=cwd,
        env=env,
        on_output=output.add,
        stop=stop,
        total_seconds=limits.timeout_seconds,
        inactivity_seconds=limits.inactivity_seconds,
    )
    output.store()
    lease.check()
    return done


def newest(environment: Environment, *kinds: str) -> Work | None:
    """The last piece of such work for this environment; its `log_key` names its log."""
    return Work.objects.filter(kind__in=kinds, subject_id=environment.pk).order_by("-id").first()
