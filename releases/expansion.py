"""Proof that a migration called "expand" is one: the tests of what is live pass on the schema that it leaves.

In a scratch folder a worker lets what is live make its database and test data, lets the candidate migrate it, and then
runs `[expand_test]` of what is live in that folder. `[test]` would prove nothing: it makes a database of its own.
"""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import GitError
from environments.manifest import CommandSection, Context, Manifest, ManifestError, TestData
from lifecycle import jobs, process, retries
from lifecycle.jobs import Lease
from lifecycle.logs import Writer
from lifecycle.process import Finished
from lifecycle.transitions import move
from releases import checks
from releases.models import Candidate, CandidateChange, Change, Check

S = Check.Status


class Unprovable(Exception):
    """The question could not be put: the check ends as "could not be run" with this text."""


class Disproved(Exception):
    """The candidate does not get as far as the tests of what is live."""


def expanding(candidate: Candidate) -> list[Change]:
    """The changes that the candidate takes in and whose migrations are said to be of kind expand."""
    rows = candidate.rows.select_related("change").order_by("change__number")
    return [row.change for row in rows if expands(row)]


def expands(row: CandidateChange) -> bool:
    """Whether a row of a candidate takes in a change of kind expand."""
    return row.action == CandidateChange.Action.APPLY and row.change.migrations == Change.Migrations.EXPAND


def latest(candidate: Candidate) -> Check | None:
    return candidate.checks.filter(kind=Check.Kind.EXPAND).order_by("-id").first()


def request(candidate: Candidate, *, at: datetime | None = None) -> Check | None:
    """Queue the proof (Work kind "expand_check"); None where nothing expands or nothing is live yet."""
    if candidate.base is None or not expanding(candidate):
        return None
    return checks.request(candidate=candidate, kind=Check.Kind.EXPAND, tests_sha=candidate.base.sha, at=at)


@jobs.handler("expand_check", queue="default", ended=checks.broke_off, stands_still=True, halted=checks.put_back)
def execute(lease: Lease) -> None:
    """Run one proof to its end; one that ended is left alone, one that lost its worker starts again."""
    check = Check.objects.select_related("product__repository", "candidate").get(pk=lease.row.subject_id)
    if check.status not in (S.QUEUED, S.RUNNING):
        return
    if check.status == S.QUEUED:
        move(check, S.RUNNING, by=checks.WORKER, silent=True, started_at=timezone.now())
    log = Writer(check.log_key)
    try:
        with tempfile.TemporaryDirectory(prefix="lifecycle-expand-") as folder:
            checks.conclude(check, Proof(check, Path(folder), lease, log).run(), lease, log)
    except Disproved as error:
        log.error(str(error))
        checks.end(check, S.FAILED, str(error))
    except (Unprovable, GitError, ManifestError, OSError) as error:
        log.error(str(error))
        checks.end(check, S.ERRORED, str(error))


class Proof:
    """One run: two checkouts, of what is live and of the candidate, on one data folder."""

    def __init__(self, check: Check, folder: Path, lease: Lease, log: Writer) -> None:
        self.git = repositories.git(check.product.repository)
        self.check, self.folder, self.lease, self.log = check, folder, lease, log
        (folder / "data").mkdir()

    def run(self) -> Finished:
        """The answer of the tests. Unprovable when what is live cannot be asked, Disproved when migrating fails."""
        old, new = self.checkout("live", self.check.tests_sha), self.checkout("candidate", self.check.sha)
        if old[0].expand_test is None:
            raise Unprovable(_("lifecycle.toml of what is live has no [expand_test] section."))
        for (manifest, context), section in self.preparations(old, new):
            done = self.command(manifest, section, context)
            if done is not None and not done.ok:
                error = Disproved if (manifest, section) == (new[0], "migrate") else Unprovable
                raise error(_("[%(section)s] ended with exit code %(n)s.") % {"section": section, "n": done.exit_code})
            self.lease.check()
        self.log.info("The tests of what is live, on the schema of the candidate:")
        finished = self.command(old[0], "expand_test", old[1])
        assert finished is not None  # the section is there
        return finished

    def checkout(self, name: str, sha: str) -> tuple[Manifest, Context]:
        target = self.folder / name
        self.git.export(sha, target)
        data = str(self.folder / "data")
        return checks.read_manifest(self.git, sha), Context("check", sha[:8], str(target), data)

    @staticmethod
    def preparations(
        old: tuple[Manifest, Context], new: tuple[Manifest, Context]
    ) -> Iterator[tuple[tuple[Manifest, Context], str]]:
        """What is live makes its database with test data in it; then the candidate migrates that."""
        yield from ((old, section) for section in ("build", "migrate", "test_data"))
        yield from ((new, section) for section in ("build", "migrate"))

    def command(self, manifest: Manifest, section: str, context: Context) -> Finished | None:
        """Run a section in its checkout, again if it says so, its output to the log; None when there is none."""
        argv = manifest.command(section, context)
        if not argv:
            return None
        limits = manifest.limits(section)
        return retries.run(lambda: self.once(argv, context, limits), limits.retries, self.log.warn)

    def once(self, argv: list[str], context: Context, limits: CommandSection | TestData) -> Finished:
        self.log.info("$ " + " ".join(argv))
        return process.run(
            argv,
            cwd=context.checkout,
            env=context.environ(),
            limits=checks.limits(),
            on_output=lambda _stream, text: self.log.write(
                (checks.stream_of(line), line) for line in text.splitlines()
            ),
            stop=self.lease.lost,
            total_seconds=limits.timeout_seconds,
            inactivity_seconds=limits.inactivity_seconds,
        )
