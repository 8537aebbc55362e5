"""The gate of the tester's checklist: everything together was gone through by a person, beside the tests."""

from django.urls import reverse
from django.utils.translation import gettext as _

from deployments.cases import Case, Gate
from releases.models import ChecklistAnswer, ChecklistItem


def checklist_done(case: Case) -> Gate | None:
    """Whether every point has a yes on this digest; nothing is asked of what was frozen before there were lists."""
    if not case.points:
        return None
    found = case.answers
    yes = [found[point.pk] for point in case.points if point.pk in found and found[point.pk].ok]
    return Gate(
        "checklist_done",
        _("Gone through together"),
        len(yes) == len(case.points),
        evidence(case.points, found),
        _("Tester"),
        reverse("releases:combined", args=[case.release.version]),
        max((answer.at for answer in yes), default=None),
    )


def evidence(points: list[ChecklistItem], found: dict[int, ChecklistAnswer]) -> str:
    """The first point that does not work in the tester's words, else how many are done."""
    wrong = next((point for point in points if point.pk in found and not found[point.pk].ok), None)
    if wrong is not None:
        return _("“%(point)s” does not work: %(words)s") % {"point": wrong.text, "words": found[wrong.pk].words}
    done = sum(point.pk in found for point in points)
    return _("%(n)d of %(all)d points gone through on this digest") % {"n": done, "all": len(points)}
