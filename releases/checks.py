"""Checks: a worker runs the product's own tests in a clean checkout."""

import re
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import Git, GitError
from environments.manifest import FILE_NAME, Context, Manifest, ManifestError, parse
from lifecycle import events, jobs, process, retries
from lifecycle.events import By, Machine
from lifecycle.jobs import Lease
from lifecycle.logs import Writer, nudge_after_commit
from lifecycle.models import LogLine, Product, Work
from lifecycle.notifications import tell
from lifecycle.process import Finished, Limits
from lifecycle.transitions import NotAllowed, move
from releases import external_checks
from releases.models import Candidate, Check, Revision

S = Check.Status
WORKER = Machine("check")
WORK: dict[str, str] = {Check.Kind.TESTS: "check", Check.Kind.EXPAND: "expand_check"}
TROUBLE = re.compile(r"(?:FAIL|ERROR|FAILED)\b.{3,}|Traceback|\w*Error: ")


@transaction.atomic
def request(
    *,
    revision: Revision | None = None,
    candidate: Candidate | None = None,
    kind: str = Check.Kind.TESTS,
    tests_sha: str = "",
    at: datetime | None = None,
) -> Check:
    """Queue the tests of a revision's tip or of a candidate; a worker runs them (Work kind: see WORK)."""
    product, sha = (revision.change.product, revision.tip) if revision else (candidate.product, candidate.sha)
    check = Check.objects.create(
        product=product,
        revision=revision,
        candidate=candidate,
        kind=kind,
        sha=sha,
        tests_sha=tests_sha,
        requested_at=at or timezone.now(),
    )
    jobs.enqueue(WORK[kind], check, product=product)
    return check


@transaction.atomic
def again(check: Check, *, by: By) -> Check:
    """Run the tests of the same commit once more, e.g. after they could not be run; the old result stays.

    NotAllowed while they run, also by a later check, and for what another system runs.
    """
    subject = check.revision or check.candidate
    type(subject).objects.select_for_update(no_key=True).get(pk=subject.pk)  # two clicks ask once
    if reason := why_not_again(check):
        raise NotAllowed(reason)
    events.record("check.repeated", check, by=by)
    return request(revision=check.revision, candidate=check.candidate, kind=check.kind, tests_sha=check.tests_sha)


def why_not_again(check: Check) -> str:
    """Why they cannot be run once more; "" if they can."""
    if check.kind not in WORK:
        return _("Another system runs it: start it there.")
    same = Check.objects.filter(revision=check.revision, candidate=check.candidate, kind=check.kind)
    return _("It is running already.") if same.filter(status__in=(S.QUEUED, S.RUNNING)).exists() else ""


def broke_off(work: Work) -> None:
    """The worker died or failed while it ran: the check ends as "could not be run"."""
    check = Check.objects.get(pk=work.subject_id)
    if check.status in (S.QUEUED, S.RUNNING):
        end(check, S.ERRORED, work.error[:300] or _("The worker broke off."))


def put_back(work: Work) -> None:
    """Everything was stopped while it ran: it waits again, and begins anew."""
    check = Check.objects.get(pk=work.subject_id)
    if check.status == S.RUNNING:
        move(check, S.QUEUED, by=WORKER, silent=True, started_at=None)
        Writer(check.log_key).warn(_("Everything was stopped. The tests begin anew when that is lifted."))


@jobs.handler("check", queue="default", ended=broke_off, stands_still=True, halted=put_back)
def execute(lease: Lease) -> None:
    """Run one check to its end; a check that ended is left alone, one that lost its worker starts again."""
    check = Check.objects.select_related("product__repository", "revision__change").get(pk=lease.row.subject_id)
    if check.status not in (S.QUEUED, S.RUNNING):
        return
    if check.status == S.QUEUED:
        move(check, S.RUNNING, by=WORKER, silent=True, started_at=timezone.now())
    log = Writer(check.log_key)
    try:
        run_in_checkout(check, lease, log)
    except (GitError, ManifestError, OSError) as error:
        log.error(str(error))
        end(check, S.ERRORED, str(error)[:300])


def run_in_checkout(check: Check, lease: Lease, log: Writer) -> None:
    """Run the commit's `test` command, as often as it says, and note the answer of the last try."""
    git = repositories.git(check.product.repository)
    manifest = read_manifest(git, check.sha)
    external_checks.expect(check, manifest.checks.external)
    if manifest.test is None and manifest.checks.external:
        end(check, S.PASSED, _("Left to %(names)s") % {"names": ", ".join(manifest.checks.external)})
        return
    if manifest.test is None:
        log.warn(_("lifecycle.toml has no [test] section."))
        end(check, S.ERRORED, _("lifecycle.toml does not say how to test."))
        return

    def once() -> Finished:
        """Each try in a folder of its own that is thrown away: what one left behind is nothing to the next."""
        with tempfile.TemporaryDirectory(prefix="lifecycle-check-") as folder:
            checkout = Path(folder) / "checkout"
            git.export(check.sha, checkout)
            log.info(_("Commit %(sha)s in a clean checkout") % {"sha": check.sha[:12]})
            context = context_of(check.product, check.sha, checkout, Path(folder) / "data")
            return run_tests(manifest, context, lease, log)

    conclude(check, retries.run(once, manifest.test.retries, log.warn), lease, log)


def read_manifest(git: Git, sha: str) -> Manifest:
    return parse((git.read_file(sha, FILE_NAME) or b"").decode("utf-8", "replace"))


def context_of(product: Product, sha: str, checkout: Path, data: Path) -> Context:
    data.mkdir()
    return Context(environment="check", release=sha[:8], checkout=str(checkout), data=str(data))


def run_tests(manifest: Manifest, context: Context, lease: Lease, log: Writer) -> Finished:
    argv = manifest.command("test", context)
    log.info("$ " + " ".join(argv))
    return process.run(
        argv,
        cwd=context.checkout,
        env=context.environ() | {"HOME": context.data, "TMPDIR": context.data},
        limits=limits(),
        on_output=lambda _stream, text: log.write((stream_of(line), line) for line in text.splitlines()),
        stop=lease.lost,
        total_seconds=manifest.test.timeout_seconds,
        inactivity_seconds=manifest.test.inactivity_seconds,
    )


def limits() -> Limits:
    """What tests and proofs may take of the machine."""
    return Limits(settings.CHECK_MEMORY_BYTES, settings.CHECK_FILE_BYTES)


def stream_of(line: str) -> str:
    """Test runners write everything to stderr; only what names a failure is worth the red."""
    return LogLine.Stream.ERR if TROUBLE.match(line) else LogLine.Stream.OUT


def failure_in(check: Check) -> str:
    """The first line of its last command that names a failure, e.g. "FAIL: test_total (cart.tests.Prices)"."""
    rows = LogLine.objects.filter(log=check.log_key)
    begun = rows.filter(stream=LogLine.Stream.INFO, text__startswith="$ ").order_by("-seq").values("seq")[:1]
    errors = rows.filter(stream=LogLine.Stream.ERR, seq__gt=Coalesce(Subquery(begun), 0)).order_by("seq")
    lines = errors.values_list("text", flat=True)[:200]
    return next((line for line in lines if line.startswith(("FAIL", "ERROR"))), "")


@transaction.atomic
def end(check: Check, status: str, summary: str, *, exit_code: int | None = None) -> None:
    """Write down how it ended; a change whose tests did not pass is not offered (any more), and its developer told."""
    now = timezone.now()
    move(check, status, by=WORKER, at=now, finished_at=now, summary=summary[:300], exit_code=exit_code)
    nudge_after_commit(check.log_key)
    if check.candidate_id is not None and check.kind == Check.Kind.TESTS:
        jobs.enqueue("suspects", check, product=check.product)
    change = check.revision.change if check.revision else None
    if status == S.PASSED:
        external_checks.ask_again(check.revision)
    else:
        why = _("The tests failed: %(summary)s") % {"summary": check.summary}
        external_checks.take_back(check, why, by=WORKER, at=now)
    if status != S.PASSED and change and change.developer:
        tell(
            [change.developer],
            "change.checks_failed",
            url=reverse("releases:check", args=[check.pk]),
            key=f"check:{check.pk}",
            product=check.product,
            title=change.title,
        )


def conclude(check: Check, finished: Finished, lease: Lease, log: Writer) -> None:
    """PASSED or FAILED by the exit code; ERRORED when it took too long; nothing at all without the lease."""
    lease.check()
    seconds = round(finished.seconds, 1)
    if finished.ok:
        log.ok(_("Passed in %(seconds)s s") % {"seconds": seconds})
        end(check, S.PASSED, _("Passed in %(seconds)s s") % {"seconds": seconds}, exit_code=0)
    elif finished.reason == "exited":
        log.error(_("Exit code %(code)s") % {"code": finished.exit_code})
        summary = failure_in(check) or _("Exit code %(code)s") % {"code": finished.exit_code}
        end(check, S.FAILED, summary, exit_code=finished.exit_code)
    else:
        text = _("Stopped after %(seconds)s s without an answer") % {"seconds": seconds}
        log.error(text)
        end(check, S.ERRORED, text)
