"""Point 2: the board's decisions. Until the review is closed they are words on its own pages and can be undone."""

import zoneinfo
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import balloting, meeting
from ideas.agenda import hold
from ideas.models import AgendaItem, Ballot, Decision, ReviewSession
from ideas.sizes import suggested_size
from ideas.triage import required
from lifecycle.models import User
from lifecycle.transitions import NotAllowed, move

TOGETHER = {
    Ballot.Choice.YES: Decision.Outcome.QUEUE,
    Ballot.Choice.LATER: Decision.Outcome.LATER,
    Ballot.Choice.NO: Decision.Outcome.DECLINE,
}


@transaction.atomic
def decide(
    item: AgendaItem,
    *,
    by: User,
    outcome: str,
    reason: str,
    points: int | None = None,
    until: date | None = None,
    votes_needed: int | None = None,
    at: datetime | None = None,
) -> Decision:
    """Write down the board's decision with its reason; the next idea is then on stage.

    Nothing happens to the idea and nobody is told before the review is closed. `points` are by default what the team
    lead's complexity suggests; `until` and `votes_needed` are the conditions of LATER. Raises NotAllowed before the
    ballots are open, ValidationError without a reason or for a condition that is met already.
    """
    session = hold(item.session)
    meeting.require_open(session)
    balloting.fresh(item)
    decision = write(
        item,
        by=by,
        outcome=outcome,
        reason=reason,
        points=points,
        at=at,
        **conditions(outcome, item, until, votes_needed, at),
    )
    meeting.attend(session, by=by, at=at)
    meeting.call_next(session, by=by, at=at)
    return decision


def conditions(
    outcome: str, item: AgendaItem, until: date | None, votes_needed: int | None, at: datetime | None
) -> dict[str, date | int | None]:
    """When the idea comes back, if the outcome is LATER; ValidationError where that is now."""
    if outcome != Decision.Outcome.LATER:
        return {}
    zone = zoneinfo.ZoneInfo(item.session.product.time_zone)
    if until is not None and until <= (at or timezone.now()).astimezone(zone).date():
        raise ValidationError({"until": _("Choose a day that is still to come.")})
    if votes_needed is not None and votes_needed <= item.idea.votes:
        raise ValidationError({"votes_needed": _("It has %(votes)s votes already.") % {"votes": item.idea.votes}})
    return {"until": until, "votes_needed": votes_needed}


def write(
    item: AgendaItem,
    *,
    by: User,
    outcome: str,
    reason: str,
    points: int | None = None,
    at: datetime | None = None,
    **condition: date | int | None,
) -> Decision:
    words = required(reason, "reason", _("Give the reason: the people who asked will read it."))
    if outcome not in Decision.Outcome.values:
        raise ValidationError({"outcome": _("Choose what the board decides.")})
    move(item, AgendaItem.Status.DECIDED, by=by, at=at)
    return Decision.objects.create(
        item=item,
        outcome=outcome,
        points=points or suggested_size(item),
        reason=words,
        by=by,
        at=at or timezone.now(),
        **condition,
    )


@transaction.atomic
def decide_together(
    session: ReviewSession, *, by: User, choice: str, reason: str, at: datetime | None = None
) -> list[Decision]:
    """Decide every opened idea on which all say `choice` as they say, with one reason.

    NotAllowed if there is none (any more), ValidationError without a reason.
    """
    meeting.require_open(hold(session))
    items = balloting.unanimous(session).get(choice, [])
    if not items:
        raise NotAllowed(_("There is no idea on which all say that."))
    decisions = []
    for item in items:
        item.session = session
        decisions.append(write(item, by=by, outcome=TOGETHER[Ballot.Choice(choice)], reason=reason, at=at))
    meeting.attend(session, by=by, at=at)
    meeting.call_next(session, by=by, at=at)
    return decisions


@transaction.atomic
def undo(item: AgendaItem, *, by: User, at: datetime | None = None) -> None:
    """Take a decision back while its review is open: the idea is on stage again, with its ballots open.

    NotAllowed once the review is closed, because the decision is carried out and told by then.
    """
    session = hold(item.session)
    if session.is_over:
        raise NotAllowed(_("The review is closed: its decisions are carried out, and people were told."))
    meeting.require_open(session)
    balloting.fresh(item)
    meeting.step_back(item, by=by, at=at)
    move(item, AgendaItem.Status.REVEALED, by=by, at=at)
    standing = Decision.objects.filter(item=item, undone_at=None)
    standing.update(undone_at=at or timezone.now(), undone_by=by)
    meeting.put_on_stage(session, item, at=at)
