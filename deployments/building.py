"""The artefact of a candidate: made once, as soon as it is composed, and without any environment's variables.

Shipping is then no more than a migration and a switch.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deployments import artefacts, first_builds, targets
from deployments.artefacts import WrongArtefact
from deployments.models import Deployment
from environments import repositories
from environments.git import GitError
from environments.manifest import CommandSection, Context, ManifestError
from lifecycle import jobs, logs, process, retries
from lifecycle.jobs import Lease
from releases.models import Candidate

PLACE = "build"


@dataclass(frozen=True)
class Command:
    """What makes an artefact of a checkout; `env` is all that it gets."""

    argv: list[str]
    env: dict[str, str]
    section: CommandSection


Run = Callable[[Command, Path], None]


def prepare(
    candidate: Candidate,
    fence: int,
    run: Run,
    *,
    wait: Callable[[], None],
    say: Callable[[str], None],
    by: Deployment | None = None,
) -> str:
    """Have the artefact there, as artefacts.prepare says; `run` carries the [build] command out in a folder.

    `by` is the deployment it is for. WrongArtefact too where only other files than those that were tested can be had.
    """
    folder = targets.release_of(candidate).path
    kept = folder.exists()

    def build(draft: Path) -> None:
        with command_for(candidate, draft) as command:
            run(command, draft)

    artefacts.prepare(
        folder.parent,
        repositories.git(candidate.repository),
        candidate.sha,
        candidate.digest,
        fence,
        build if has_command(candidate) else None,
        wait=wait,
        say=say,
        first=first_builds.known(candidate),
        vouch=lambda contents: first_builds.require(candidate, contents, by=by),
    )
    return f"kept artefact {candidate.digest[:8]}" if kept else f"built artefact {candidate.digest[:8]}"


def has_command(candidate: Candidate) -> bool:
    """Whether lifecycle.toml has a [build]; without one the files of the commit are the artefact."""
    return targets.manifest_of(candidate).build is not None


@contextmanager
def command_for(candidate: Candidate, folder: Path) -> Iterator[Command]:
    """The [build] command of lifecycle.toml, with a data folder that goes with it."""
    manifest, label = targets.manifest_of(candidate), targets.release_of(candidate).label
    assert manifest.build is not None
    with TemporaryDirectory(prefix="lifecycle-build-") as data:
        context = Context(PLACE, label, str(folder), data)
        yield Command(manifest.command("build", context), context.environ(), manifest.build)


def later(candidate: Candidate) -> None:
    """Have it built by a worker, before anybody deploys it."""
    jobs.enqueue("build", candidate, product=candidate.product)


def ahead(candidate: Candidate) -> None:
    """The same as soon as it is composed, while its deployment is asked for.

    Only a release's [build] runs ahead: for other candidates its output belongs into the log of the deployment.
    """
    if candidate.purpose == Candidate.Purpose.RELEASE or _is_copied_soon(candidate):
        later(candidate)


def _is_copied_soon(candidate: Candidate) -> bool:
    """Whether nothing but the commit's files are wanted, and they are not there yet."""
    try:
        return not has_command(candidate) and not targets.release_of(candidate).path.exists()
    except ManifestError:
        return False


@jobs.handler("build", stands_still=True)
def build(lease: Lease) -> None:
    """Build the artefact; one that is there already is looked at."""
    candidate = Candidate.objects.select_related("product", "repository").get(pk=lease.row.subject_id)
    output = logs.Batch(lease.log)

    def run(command: Command, folder: Path) -> None:
        _run(command, folder, lease, output)

    try:
        lease.log.ok(prepare(candidate, lease.fence, run, wait=lease.check, say=lease.log.warn))
    except (GitError, ManifestError, WrongArtefact, OSError) as error:
        raise jobs.Failed(str(error)) from error


def _run(command: Command, folder: Path, lease: Lease, output: logs.Batch) -> None:
    """Raises jobs.Failed unless it ends with 0, LeaseLost when the worker has to let go."""

    def stop() -> bool:
        output.store_if_due()
        return lease.lost()

    def once() -> process.Finished:
        done = process.run(
            command.argv,
            cwd=folder,
            env=command.env,
            on_output=output.add,
            stop=stop,
            total_seconds=command.section.timeout_seconds,
            inactivity_seconds=command.section.inactivity_seconds,
        )
        output.store()
        lease.check()
        return done

    done = retries.run(once, command.section.retries, lease.log.warn)
    if not done.ok:
        raise jobs.Failed(f"[build] ended with {done.exit_code} ({done.reason}) after {done.seconds:.0f} s")
