"""What waits for a person in the combined test of a frozen release."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from lifecycle.inbox import Waiting
from lifecycle.roles import Actor
from releases import checklists, searches
from releases.models import Candidate, Check, Release
from releases.pages.combined import may_answer


def waiting_for(actor: Actor) -> Iterator[Waiting]:
    """The checklist for testers, tests that fail for whoever decides about the release."""
    frozen = Release.objects.filter(product=actor.product, status=Release.Status.FROZEN, parked_at=None)
    ready = frozen.filter(candidate__status=Candidate.Status.READY).select_related("candidate", "product")
    for release in ready:
        if may_answer(release, actor):
            yield from to_go_through(release)
        if actor.may("freeze_release"):
            yield from to_decide(release)


def to_go_through(release: Release) -> Iterator[Waiting]:
    points = checklists.points_of(release, release.candidate)
    found = checklists.answers_of(points, release.candidate.digest)
    if any(point.pk not in found for point in points):
        title = _("Release %(version)s as a whole") % {"version": release}
        why = _("Its checklist is not gone through")
        since = release.candidate.staged_at or release.candidate.created_at
        yield Waiting(title, why, since, searches.page_of(release), _("Go through it"), "list-checks")


def to_decide(release: Release) -> Iterator[Waiting]:
    check, search = searches.tests_of(release.candidate), searches.newest(release)
    if check is None or check.status not in (Check.Status.FAILED, Check.Status.ERRORED):
        return
    title = _("The tests of %(version)s fail together") % {"version": release}
    culprit = searches.culprit_of(search) if search else None
    why = searches.conclusion(search).capitalize() if search else check.summary
    action = _("Eject %(change)s") % {"change": culprit.change.key} if culprit else _("See why")
    since = check.finished_at or check.requested_at
    yield Waiting(title, why, since, searches.page_of(release), action, "triangle-alert")
