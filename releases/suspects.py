"""Which change makes the tests of a frozen candidate fail: found by composing without it.

One step at a time, each a check of its own with its own limits: the tests once more (they may be flaky), the base
alone, then the candidate without one change after the other, those first whose files the log names. The first green one
ends it. A trial is composed and tested and never deployed. Work "suspects" (subject: the check that ended) makes the
next step, so a worker that dies half way costs nothing but time.
"""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.functional import lazy

from lifecycle import events, jobs
from lifecycle.events import Machine
from lifecycle.jobs import Lease
from lifecycle.models import LogLine
from lifecycle.notifications import tell
from lifecycle.transitions import move
from releases import checks, searches, trials
from releases.models import Candidate, Check, Release, Search, Suspicion

MOST = 12
"""How many changes are left out in turn; what is less likely than these is not tried."""
LOG_LINES = 2000
SEARCHER = Machine("suspects")
C, S, T = Check.Status, Search.Status, Suspicion.Status
OVER = (C.PASSED, C.FAILED, C.ERRORED)


@jobs.handler("suspects", queue="git", stands_still=True)
def look(lease: Lease) -> None:
    """Tests of a candidate have ended: tell who must know, and make the next step of the search that waited."""
    check = Check.objects.select_related("candidate__release__product").get(pk=lease.row.subject_id)
    if check.status not in OVER or check.candidate is None:
        return
    search = search_of(check) or begin(check)
    if search is not None:
        advance(search, lease)


def search_of(check: Check) -> Search | None:
    """The search that asked for this check."""
    rows = Search.objects.all()
    own = rows.filter(candidate=check.candidate_id).first()
    return own or rows.filter(base_check=check).first() or rows.filter(suspicions__check_run=check).first()


def begin(check: Check) -> Search | None:
    """Open the search for a frozen release whose tests failed; None where there is nothing to look for."""
    release = check.candidate.release
    is_whole = check.kind == Check.Kind.TESTS and release is not None and is_wanted(release, check.candidate)
    if not is_whole or check.status == C.PASSED:
        return None
    searches.tell_of_failure(release, check)
    if check.status != C.FAILED or release.is_undo:
        return None
    with transaction.atomic():
        search, is_new = Search.objects.get_or_create(
            candidate=check.candidate,
            defaults={
                "product": release.product,
                "release": release,
                "failed": check,
                "opened_at": timezone.now(),
            },
        )
        if is_new:
            suspect(search)
            events.record("search.opened", search, by=SEARCHER)
    return search


def is_wanted(release: Release, candidate: Candidate) -> bool:
    """Whether it still is what the release would ship."""
    return release.is_frozen and release.candidate_id == candidate.pk


def suspect(search: Search) -> None:
    """Write down whom to try, the likeliest first."""
    rows = list(search.candidate.rows.select_related("change", "revision"))
    said = "\n".join(
        LogLine.objects.filter(log=search.failed.log_key).order_by("seq").values_list("text", flat=True)[:LOG_LINES]
    )
    rows.sort(key=lambda row: (-mentions(said, row.revision.files), -row.position))
    Suspicion.objects.bulk_create(
        Suspicion(search=search, candidate=search.candidate, change=row.change, position=place)
        for place, row in enumerate(rows[:MOST])
    )


def mentions(log: str, files: Iterable[str]) -> int:
    """How many of these files the log names, by path or as a Python module."""
    return sum(path in log or (path.endswith(".py") and path[:-3].replace("/", ".") in log) for path in files)


def advance(search: Search, lease: Lease | None = None) -> None:
    """Make every step that can be made now; the rest waits for the check it asked for."""
    while make_step(search.pk):
        if lease is not None:
            lease.check()


@transaction.atomic
def make_step(pk: int) -> bool:
    """One step, by one worker at a time; False when the search has ended or a check has to end first."""
    rows = Search.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("candidate__product", "candidate__base", "candidate__repository", "release__product")
    search = rows.select_related("failed", "repeat", "base_trial", "base_check").get(pk=pk)
    if not search.is_looking:
        return False
    if not is_wanted(search.release, search.candidate):
        end(search, S.STOPPED)
        return False
    return step(search)


def step(search: Search) -> bool:
    """One step; False when a check has to end first."""
    if search.repeat is None:
        return repeat(search)
    if (answer := outcome(search.repeat)) != C.FAILED:
        return answer is not None and done(search, {C.PASSED: S.FLAKY}.get(answer, S.ERRORED))
    if search.base_check is None:
        return try_base(search)
    if (answer := outcome(search.base_check)) != C.PASSED:
        return answer is not None and done(search, {C.FAILED: S.BASE}.get(answer, S.ERRORED))
    if Suspicion.objects.filter(search=search, status=T.CULPRIT).exists():
        return done(search, S.FOUND)
    suspicion = search.suspicions.filter(status=T.QUEUED).select_related("change", "trial", "check_run").first()
    if suspicion is None:
        return done(search, S.TOGETHER)
    return leave_out(search, suspicion)


def outcome(check: Check) -> str | None:
    """How it ended; None while it waits or runs."""
    return check.status if check.status in OVER else None


def done(search: Search, status: str) -> bool:
    end(search, status)
    return True


def repeat(search: Search) -> bool:
    """The same tests once more."""
    search.repeat = checks.request(candidate=search.candidate)
    search.save(update_fields=["repeat"])
    return False


def try_base(search: Search) -> bool:
    """The tests of what the candidate stands on."""
    search.base_trial = trials.new_trial(search, leaving=None)
    if not trials.is_composed(search.base_trial):
        return done(search, S.ERRORED)
    search.base_check = checks.request(candidate=search.base_trial)
    search.save(update_fields=["base_trial", "base_check"])
    return False


def leave_out(search: Search, suspicion: Suspicion) -> bool:
    """The tests of the candidate without this change. A single change needs no trial: its base is green."""
    if search.candidate.rows.count() == 1:
        move(suspicion, T.CULPRIT, by=SEARCHER, silent=True, check_run=search.base_check)
        return True
    if suspicion.check_run is not None:
        return note(suspicion)
    suspicion.trial = trials.new_trial(search, leaving=suspicion.change)
    suspicion.save(update_fields=["trial"])
    if not trials.is_composed(suspicion.trial):
        move(suspicion, T.CONFLICT, by=SEARCHER, silent=True)
        return True
    suspicion.check_run = checks.request(candidate=suspicion.trial)
    suspicion.save(update_fields=["check_run"])
    return False


def note(suspicion: Suspicion) -> bool:
    """What came of the trial; False while it runs."""
    answer = outcome(suspicion.check_run)
    if answer is None:
        return False
    verdict = {C.PASSED: T.CULPRIT, C.FAILED: T.INNOCENT}.get(C(answer), T.ERRORED)
    move(suspicion, verdict, by=SEARCHER, silent=True)
    return True


def end(search: Search, status: str) -> None:
    """Write down what came out, and tell who decides about the release."""
    move(search, status, by=SEARCHER, ended_at=timezone.now())
    if status == S.STOPPED:
        return
    culprit = searches.culprit_of(search)
    people = searches.deciders(search.release)
    if culprit is not None and culprit.change.developer is not None:
        people.append(culprit.change.developer)
    tell(
        people,
        "release.tests_explained",
        url=searches.page_of(search.release),
        key=f"search:{search.pk}:{status}",
        product=search.product,
        version=search.release.version,
        what=lazy(searches.conclusion, str)(search),
    )
