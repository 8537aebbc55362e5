"""What is known of a search for the change that makes the tests of a release fail, and who hears of it."""

from django.urls import reverse
from django.utils.translation import gettext as _

from lifecycle.models import User
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from releases.models import Candidate, Check, Release, Search, Suspicion

S, T = Search.Status, Suspicion.Status


def newest(release: Release) -> Search | None:
    """The search about the candidate that is frozen now."""
    rows = Search.objects.filter(candidate=release.candidate_id).select_related("failed", "repeat", "base_check")
    return rows.first() if release.candidate_id else None


def tests_of(candidate: Candidate | None) -> Check | None:
    """The newest tests of the whole; a proof about migrations is another question."""
    return candidate.checks.filter(kind=Check.Kind.TESTS).order_by("-id").first() if candidate else None


def culprit_of(search: Search) -> Suspicion | None:
    rows = search.suspicions.filter(status=T.CULPRIT).select_related("change__developer", "check_run", "trial")
    return rows.first()


def conclusion(search: Search) -> str:
    """What came out, in one sentence."""
    culprit = culprit_of(search)
    if culprit is not None:
        return _("the tests pass without %(change)s") % {"change": culprit.change}
    return {
        S.LOOKING: _("a worker looks for the change that makes them fail"),
        S.FLAKY: _("they passed when they were repeated"),
        S.BASE: _("they fail without any of the changes, too"),
        S.TOGETHER: _("they fail whichever change is left out: only together"),
        S.STOPPED: _("the release was put together anew"),
        S.ERRORED: _("it could not be found out why"),
    }.get(S(search.status), "")


def tell_of_failure(release: Release, check: Check) -> None:
    """Product owner and team lead hear of it once per check."""
    tell(
        deciders(release),
        "release.tests_failed",
        url=page_of(release),
        key=f"check:{check.pk}:release",
        product=release.product,
        version=release.version,
        reason=check.summary,
    )


def deciders(release: Release) -> list[User]:
    return people_who_may("freeze_release", release.product)


def page_of(release: Release) -> str:
    return reverse("releases:combined", args=[release.version])
