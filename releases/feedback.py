"""Asking the people who wanted it whether it helps, and what their answers lead to."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import services as ideas
from ideas.models import Idea
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import User
from lifecycle.notifications import tell
from lifecycle.transitions import NotAllowed
from releases.models import Answer, CandidateChange, Change, Release, Survey

ENOUGH_ANSWERS = 5
YES, PARTLY, NO = Answer.Outcome.YES, Answer.Outcome.PARTLY, Answer.Outcome.NO


@transaction.atomic
def open_survey(release: Release, *, by: By, at: datetime | None = None) -> Survey:
    """Ask authors and voters of everything in the release, once; a second call finds the survey there.

    Nobody is asked about what was undone meanwhile.
    """
    survey, created = Survey.objects.get_or_create(release=release, defaults={"opened_at": at or timezone.now()})
    if created:
        events.record("survey.opened", survey, by=by, at=at, product=release.product, release=release.pk)
        asked = set()
        for idea in ideas_in(release, status=Change.Status.LIVE):
            people = people_to_ask(idea)
            ask(release, idea, people)
            asked |= {person.pk for person in people}
        survey.asked = len(asked)
        survey.save(update_fields=["asked"])
    return survey


def ideas_in(release: Release, **narrow: str) -> list[Idea]:
    """The ideas that the release's candidate serves, by the changes it takes in (or those of them that `narrow`)."""
    taken_in = CandidateChange.objects.filter(candidate=release.candidate_id, action=CandidateChange.Action.APPLY)
    shipped = Change.objects.filter(pk__in=taken_in.values("change"), **narrow)
    return list(Idea.objects.filter(changes__in=shipped).distinct().order_by("-votes", "pk"))


def group_of(idea: Idea) -> list[int]:
    """The idea and everything merged into it."""
    return [idea.pk, *Idea.objects.filter(canonical=idea).values_list("pk", flat=True)]


def people_to_ask(idea: Idea) -> list[User]:
    """Authors and voters of the idea and of what was merged into it, each once."""
    group = group_of(idea)
    voters = User.objects.filter(votes__idea__in=group)
    authors = User.objects.filter(ideas__in=group)
    return list((voters | authors).filter(is_active=True).distinct().order_by("pk"))


def ask(release: Release, idea: Idea, people: list[User]) -> None:
    tell(
        people,
        "survey.open",
        url=reverse("releases:feedback", args=[release.version, idea.number]),
        key=f"survey:{release.pk}:{idea.pk}",
        product=release.product,
        title=idea.title,
    )


@transaction.atomic
def answer(
    survey: Survey, idea: Idea, *, user: User, outcome: str, words: str = "", at: datetime | None = None
) -> Answer:
    """Note (or change) a person's answer; "no" and "partly" put the idea on the next review with the words.

    NotAllowed for an idea that is not part of the release, and for people who neither shared it nor voted for it.
    """
    if idea.pk not in {found.pk for found in ideas_in(survey.release)}:
        raise NotAllowed(_("This idea is not part of release %(release)s.") % {"release": survey.release})
    if user not in people_to_ask(idea):
        raise NotAllowed(_("Only people who shared this idea or voted for it are asked."))
    before = Answer.objects.filter(survey=survey, idea=idea, user=user).first()
    facts = {"outcome": outcome, "words": words.strip(), "at": at or timezone.now()}
    given, _created = Answer.objects.update_or_create(survey=survey, idea=idea, user=user, defaults=facts)
    if before and (before.outcome, before.words) == (given.outcome, given.words):
        return given
    events.record("survey.answered", idea, by=user, at=at, answer=given.pk, outcome=outcome)
    if outcome in (NO, PARTLY):
        quote = f"“{given.words}”" if given.words else str(given.get_outcome_display())
        ideas.put_on_agenda(idea, by=user, reason="feedback", words=quote, at=at)
    return given


@dataclass(frozen=True)
class IdeaOutcome:
    """How many people said what about one idea."""

    idea: Idea
    yes: int
    partly: int
    no: int

    @property
    def total(self) -> int:
        return self.yes + self.partly + self.no

    @property
    def goes_back(self) -> bool:
        """Whether somebody is not helped, so that the next review sees it."""
        return self.partly + self.no > 0


@dataclass(frozen=True)
class Outcome:
    """What came of a release: per idea, in people's words, and how many of those asked have answered."""

    rows: list[IdeaOutcome]
    words: list[Answer]
    people: int
    asked: int

    @property
    def answers(self) -> int:
        return sum(row.total for row in self.rows)

    @property
    def solved(self) -> int:
        return sum(row.yes for row in self.rows)

    @property
    def partly(self) -> int:
        return sum(row.partly for row in self.rows)

    @property
    def unsolved(self) -> int:
        return sum(row.no for row in self.rows)

    @property
    def is_enough(self) -> bool:
        """Below ENOUGH_ANSWERS there are counts, but no verdict."""
        return self.answers >= ENOUGH_ANSWERS


def outcome(release: Release) -> Outcome:
    """Count the answers of a release's survey; all zero while nobody was asked."""
    survey = Survey.objects.filter(release=release).first()
    given = list(survey.answers.select_related("idea", "user").order_by("-at", "-id")) if survey else []
    counts = {idea: Counter(row.outcome for row in given if row.idea_id == idea.pk) for idea in ideas_in(release)}
    rows = [IdeaOutcome(idea, found[YES], found[PARTLY], found[NO]) for idea, found in counts.items()]
    words = [row for row in given if row.words]
    return Outcome(rows, words, len({row.user_id for row in given}), survey.asked if survey else 0)
