"""What invited people say about each change, where their words go, and the tally that whoever signs off sees."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from lifecycle.models import Comment
from lifecycle.roles import actor_for
from lifecycle.transitions import NotAllowed
from releases import comments, demo_ideas, signoffs
from releases.models import Change, Demo, DemoAnswer, Invitation, Release
from releases.models.audiences import Audience

SAID = DemoAnswer.Outcome


@dataclass(frozen=True)
class Opinion:
    """What somebody says about one change."""

    change: Change
    outcome: str
    words: str = ""


@transaction.atomic
def answer(
    invitation: Invitation, opinions: Iterable[Opinion], *, digest: str, at: datetime | None = None
) -> list[DemoAnswer]:
    """Note, or change, what somebody says about what they were shown; words become comments on the changes.

    All of it or nothing. NotAllowed unless the demo is open and `digest`, what they looked at, is what is shown now,
    and for a change they were not shown; ValidationError for a note or a "not like this" without words.
    """
    rows = Demo.objects.select_for_update(of=("self",), no_key=True).select_related(
        "release__product", "release__candidate"
    )
    demo = rows.get(pk=invitation.demo_id)
    require_open(demo)
    signoffs.require_seen(demo.release, digest or "?")
    shown = {one.pk for one in shown_changes(invitation)}
    return [keep(invitation, opinion, shown, digest=digest, at=at or timezone.now()) for opinion in opinions]


def keep(invitation: Invitation, opinion: Opinion, shown: set[int], *, digest: str, at: datetime) -> DemoAnswer:
    if opinion.change.pk not in shown:
        raise NotAllowed(_("This is not part of what is shown."))
    require_answer(opinion.outcome, opinion.words)
    given, _created = DemoAnswer.objects.update_or_create(
        invitation=invitation,
        change=opinion.change,
        digest=digest,
        defaults={"outcome": opinion.outcome, "words": opinion.words.strip(), "at": at},
    )
    pass_on(given)
    return given


def shown_changes(invitation: Invitation) -> list[Change]:
    """The changes that this person is asked about."""
    release = invitation.demo.release
    return [one.change for one in demo_ideas.shown_to(release, actor_for(invitation.user, release.product))]


def require_open(demo: Demo) -> None:
    """NotAllowed, with the reason, unless the demo takes answers now."""
    if not demo.is_open:
        raise NotAllowed(_("The demo is closed.") if demo.is_over else _("The demo has not begun yet."))
    signoffs.require_shown(demo.release, demo.audience)
    if demo.release.is_parked:
        raise NotAllowed(_("Release %(release)s gave staging to one that could not wait.") % {"release": demo.release})


def require_answer(outcome: str, words: str) -> None:
    if outcome not in SAID.values:
        raise ValidationError({"outcome": _("Choose one of the three.")})
    if outcome == SAID.NO and not words.strip():
        raise ValidationError({"words": _("Say what is not right: whoever builds it reads your words.")})
    if outcome == SAID.NOTE and not words.strip():
        raise ValidationError({"words": _("Write your note.")})


def pass_on(given: DemoAnswer) -> None:
    """Its words stand on the change, for the team; a changed answer changes the comment it made."""
    text = comment_text(given)
    if given.comment_id:
        Comment.objects.filter(pk=given.comment_id).update(text=text)
    elif given.words:
        given.comment = comments.comment(given.change, text=text, by=given.invitation.user, at=given.at)
        given.save(update_fields=["comment"])


def comment_text(given: DemoAnswer) -> str:
    """In the language of the installation: the team reads it, whatever the customer speaks."""
    with translation.override(settings.LANGUAGE_CODE):
        said = _("At the demo: %(answer)s") % {"answer": given.get_outcome_display()}
    return f"{said}\n\n{given.words}" if given.words else said


@dataclass(frozen=True)
class Tally:
    """How many of those invited said what about one change."""

    change: Change
    accept: int
    note: int
    no: int
    given: list[DemoAnswer]

    @property
    def total(self) -> int:
        return self.accept + self.note + self.no

    @property
    def words(self) -> list[DemoAnswer]:
        """The answers that say something, the refusals first."""
        order = [SAID.NO, SAID.NOTE, SAID.ACCEPT]
        return sorted((one for one in self.given if one.words), key=lambda one: order.index(SAID(one.outcome)))


def tally(demo: Demo, digest: str, shown: Iterable[Change]) -> list[Tally]:
    """Per change, what was said about this digest."""
    rows = DemoAnswer.objects.filter(invitation__demo=demo, digest=digest).select_related("invitation__user")
    given = list(rows.order_by("id"))
    return [tally_of(change, [one for one in given if one.change_id == change.pk]) for change in shown]


def tally_of(change: Change, given: list[DemoAnswer]) -> Tally:
    counted = Counter(one.outcome for one in given)
    return Tally(change, counted[SAID.ACCEPT], counted[SAID.NOTE], counted[SAID.NO], given)


@dataclass(frozen=True)
class Note:
    """What an invited customer wrote about a change that was accepted: material for the release notes."""

    change: Change
    words: str


def notes_of(release: Release) -> list[Note]:
    """What customers wrote at the demo about what they accepted, by change; nobody is named."""
    if release.candidate is None:
        return []
    rows = DemoAnswer.objects.filter(
        invitation__demo__release=release,
        invitation__demo__audience=Audience.CUSTOMERS,
        digest=release.candidate.digest,
        outcome__in=[SAID.ACCEPT, SAID.NOTE],
    )
    said = rows.exclude(words="").select_related("change").order_by("change__number", "id")
    return [Note(row.change, row.words) for row in said]
