"""The question to one person, and what came of all the answers."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import Idea
from lifecycle.dates import day
from lifecycle.models import User
from releases import feedback
from releases.models import Answer, Release, Survey
from releases.pages.delivered import card as delivered_card

FACES = {
    Answer.Outcome.YES: ("smile", "yes"),
    Answer.Outcome.PARTLY: ("meh", "part"),
    Answer.Outcome.NO: ("frown", "no"),
}


@dataclass(frozen=True)
class Face:
    """One of the three answers."""

    value: str
    label: str
    icon: str
    css: str


def question(survey: Survey, idea: Idea, user: User, *, preselected: str) -> dict[str, Any]:
    """What feedback.html shows; the answer given before wins over the link's preselection."""
    given = Answer.objects.filter(survey=survey, idea=idea, user=user).first()
    outcome = given.outcome if given else preselected if preselected in Answer.Outcome.values else ""
    return {
        "survey": survey,
        "release": survey.release,
        "idea": idea,
        "given": given,
        "headline": said(given) if given else _("Did it help you?"),
        "asked_on": day(idea.created_at),
        "got_on": day(survey.release.live_at) if survey.release.live_at else "",
        "faces": [Face(one.value, str(one.label), *FACES[one]) for one in Answer.Outcome],
        "initial": {"outcome": outcome, "words": given.words if given else ""},
    }


def said(given: Answer) -> str:
    return _("You said: %(answer)s") % {"answer": given.get_outcome_display()}


def outcome(release: Release) -> dict[str, Any]:
    """What outcome.html shows."""
    found = feedback.outcome(release)
    back = [row for row in found.rows if row.goes_back]
    return {
        "release": release,
        "outcome": found,
        "headline": headline(release, found),
        "since": day(release.live_at) if release.live_at else "",
        "back": back,
        "delivered": delivered_card(release),
        "quotes": [(answer, *FACES[Answer.Outcome(answer.outcome)]) for answer in found.words[:20]],
    }


def headline(release: Release, found: feedback.Outcome) -> str:
    """The verdict, once enough people answered."""
    version = {"version": release.version}
    if not found.answers:
        return _("Nobody has answered about %(version)s yet") % version
    if not found.is_enough:
        count = {"n": found.answers}
        return ngettext("%(n)d answer so far", "%(n)d answers so far", found.answers) % count
    facts = version | {"percent": round(100 * found.solved / found.answers)}
    return _("%(version)s solved it for %(percent)d %% of those who answered") % facts


def overview(releases: QuerySet[Release]) -> dict[str, Any]:
    """The surveys so far, the newest first."""
    asked = releases.filter(survey__isnull=False).order_by("-survey__opened_at")[:20]
    rows = [(release, feedback.outcome(release)) for release in asked]
    return {"rows": rows}
