"""Commands that lifecycle.toml declares for a place and not for a deployment: create, destroy, restore test data."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from deployments import drivers, running, targets
from deployments.drivers import Driver, DriverError
from environments import repositories
from environments.git import GitError
from environments.manifest import CommandSection, ManifestError, TestData
from environments.models import Environment
from lifecycle import logs, process
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
        with _in_its_folder(candidate) as release:
            return _run(lease, targets.driver_for(environment, candidate), release, section, facts)
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


def _run(lease: Lease, driver: Driver, release: drivers.Release, section: str, facts: dict[str, str]) -> bool:
    target = driver.target
    argv = target.manifest.command(section, target.context(release))
    if not argv:
        lease.log.info(f"lifecycle.toml declares no command for {section}.")
        return False
    limits = getattr(target.manifest, "test_data" if section == "scrub" else section)
    for attempt in range(getattr(limits, "retries", 0) + 1):
        if attempt:
            lease.log.warn("It is tried again.")
        done = _once(lease, argv, release.path, target.environ(release) | facts, limits)
        if done.ok:
            lease.log.ok(f"{section}: exit code 0 ({done.seconds:.1f} s)")
            return True
    how = f"exit code {done.exit_code}" if done.reason == "exited" else f"{done.reason} after {done.seconds:.0f} s"
    raise Failed(f"The command for {section} did not end well: {how}.{elsewhere(driver)}")


def elsewhere(driver: Driver) -> str:
    """What a failure must say too where the environment's data is on servers, which this command does not see."""
    if not driver.runs_commands:
        return ""
    return " It ran on the worker's machine, not on the servers: let it fetch what it needs, see docs/drivers.md."


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
