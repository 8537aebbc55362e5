"""Point 2: the weekly review. Team lead, product owner and DevOps vote in secret; then they decide, with a reason."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import journey, seats, telling
from ideas.agenda import next_session, put_on_agenda
from ideas.models import AgendaItem, Ballot, Decision, Idea, ReviewSession, Stop
from ideas.queries import next_rank
from ideas.queueing import move_in_queue
from ideas.triage import POINTS, checked_scales, required
from lifecycle import notifications
from lifecycle.models import User
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed, move

__all__ = [
    "call",
    "cast",
    "close_session",
    "decide",
    "move_in_queue",
    "next_session",
    "open_session",
    "remind",
    "reveal",
    "vote_again",
]
ROUNDS = (AgendaItem.Reason.TRIAGED, AgendaItem.Reason.FEEDBACK)  # reasons whose acceptance means new work


@transaction.atomic
def open_session(session: ReviewSession, *, by: User, at: datetime | None = None) -> None:
    """Open the review: triaged ideas that are on no agenda join it, the first idea is voted on, the board is told.

    Raises NotAllowed if the agenda is empty or another review is open.
    """
    for idea in Idea.objects.primary().filter(product=session.product, status=Idea.Status.TRIAGED):
        put_on_agenda(idea, by=by, reason=AgendaItem.Reason.TRIAGED, at=at)
    if not waiting(session):
        raise NotAllowed(_("Nothing is on the agenda yet: triage an idea first."))
    try:
        with transaction.atomic():
            move(session, ReviewSession.Status.OPEN, by=by, at=at)
    except IntegrityError as error:
        raise NotAllowed(_("Another review is still open. Close it first.")) from error
    call_next(session, by=by, at=at)
    board = people_who_may("cast_ballot", session.product)
    url = telling.url_of_review(session)
    notifications.tell(
        board, "review.open", url=url, key=f"review.open:{session.pk}", product=session.product, week=session.week
    )


def waiting(session: ReviewSession) -> list[AgendaItem]:
    """What is still to come, without ideas that were merged into another one meanwhile."""
    return list(session.items.filter(status=AgendaItem.Status.WAITING, idea__canonical=None).select_related("idea"))


def call_next(session: ReviewSession, *, by: User, at: datetime | None = None) -> None:
    """Put the next waiting idea up for the vote, if there is one."""
    items = waiting(session)
    if items:
        move(items[0], AgendaItem.Status.VOTING, by=by, at=at)


@transaction.atomic
def call(item: AgendaItem, *, by: User, at: datetime | None = None) -> None:
    """Take another idea of the agenda first; the one that was being voted on waits again, with its ballots."""
    require_open(item.session)
    for other in item.session.items.filter(status=AgendaItem.Status.VOTING).exclude(pk=item.pk):
        move(other, AgendaItem.Status.WAITING, by=by, at=at)
    if item.session.items.filter(status=AgendaItem.Status.REVEALED).exclude(pk=item.pk).exists():
        raise NotAllowed(_("The ballots of another idea are open: decide it first."))
    move(item, AgendaItem.Status.VOTING, by=by, at=at)


@transaction.atomic
def cast(
    item: AgendaItem,
    *,
    by: User,
    choice: str,
    urgency: int,
    importance: int,
    complexity: int,
    note: str = "",
    at: datetime | None = None,
) -> Ballot:
    """Cast or change one's secret ballot; it counts for the first free seat among one's roles.

    Raises NotAllowed when the item is not being voted on, or somebody else has cast for each of one's roles.
    """
    scales = checked_scales(urgency=urgency, importance=importance, complexity=complexity)
    if choice not in Ballot.Choice.values:
        raise ValidationError({"choice": _("Choose whether to take it.")})
    locked = AgendaItem.objects.select_for_update().get(pk=item.pk)
    if locked.status != AgendaItem.Status.VOTING:
        raise NotAllowed(_("Nobody votes on this idea right now."))
    values = {"choice": choice, "note": note.strip()[:300], "cast_at": at or timezone.now(), **scales}
    own = item.ballots.filter(voter=by).first()
    role = own.role if own else seats.free_role(item, by)
    return Ballot.objects.update_or_create(item=item, voter=by, defaults={"role": role, **values})[0]


@transaction.atomic
def reveal(item: AgendaItem, *, by: User, with_quorum: bool = False, at: datetime | None = None) -> None:
    """Open all ballots together. Refused until everybody is in; `with_quorum` goes on with two."""
    AgendaItem.objects.select_for_update().get(pk=item.pk)
    table = seats.table(item)
    if not (table.is_full or (with_quorum and table.has_quorum)):
        raise NotAllowed(table.why_not(with_quorum))
    move(item, AgendaItem.Status.REVEALED, by=by, at=at)


def remind(item: AgendaItem, *, by: User) -> int:
    """Tell once more those whose ballot is missing; returns how many they are. Each is reminded once per idea."""
    people = [seat.person for seat in seats.table(item).missing if seat.person and seat.person != by]
    url, key = telling.url_of_ballot(item), f"review.remind:{item.pk}"
    session = item.session
    notifications.tell(people, "review.open", url=url, key=key, product=session.product, week=session.week)
    return len(people)


@transaction.atomic
def vote_again(item: AgendaItem, *, by: User, at: datetime | None = None) -> None:
    """Throw the opened ballots away and vote once more."""
    move(item, AgendaItem.Status.VOTING, by=by, at=at)
    item.ballots.all().delete()


@transaction.atomic
def decide(
    item: AgendaItem,
    *,
    by: User,
    outcome: str,
    reason: str,
    points: int | None = None,
    at: datetime | None = None,
) -> Decision:
    """Write down the board's decision with its reason and carry it out; the next idea is then voted on.

    Accepted ideas join the end of the queue with `points` (by default from the complexity). Raises NotAllowed before
    the ballots are open, ValidationError without a reason.
    """
    words = required(reason, "reason", _("Give the reason: the people who asked will read it."))
    if outcome not in Decision.Outcome.values:
        raise ValidationError({"outcome": _("Choose what the board decides.")})
    move(item, AgendaItem.Status.DECIDED, by=by, at=at)
    size = points or item.idea.points or POINTS[item.idea.complexity or 3]
    decision = Decision.objects.create(
        item=item, outcome=outcome, points=size, reason=words, by=by, at=at or timezone.now()
    )
    carry_out(decision, item, at)
    call_next(item.session, by=by, at=at)
    return decision


def carry_out(decision: Decision, item: AgendaItem, at: datetime | None) -> None:
    """What a decision does to its idea; "below the line" leaves it as it is until the review closes."""
    idea, by = item.idea, decision.by
    if decision.outcome == Decision.Outcome.ACCEPT and item.reason in ROUNDS:
        if idea.status == Idea.Status.TRIAGED:
            move(idea, Idea.Status.ACCEPTED, by=by, note=decision.reason, at=at)
        if idea.stop >= Stop.PRODUCTION:
            journey.go_round_again(idea, by=by, note=decision.reason, fact=decision, at=at)
        Idea.objects.filter(pk=idea.pk).update(points=decision.points, queue_rank=next_rank())
        idea.refresh_from_db(fields=["points", "queue_rank"])
    if decision.outcome == Decision.Outcome.DECLINE and idea.status == Idea.Status.TRIAGED:
        move(idea, Idea.Status.DECLINED, by=by, note=decision.reason, at=at, queue_rank=None)
    if decision.outcome == Decision.Outcome.DECLINE:
        key = f"decision:{decision.pk}"
        telling.tell_followers(idea, "idea.declined", by=by, key=key, reason=decision.reason)


@transaction.atomic
def close_session(session: ReviewSession, *, by: User, at: datetime | None = None) -> None:
    """End the review: what was not reached, or came below the line, is on the next review's agenda.

    Raises NotAllowed while an idea's ballots are open.
    """
    if session.items.filter(status=AgendaItem.Status.REVEALED).exists():
        raise NotAllowed(_("The ballots of one idea are open: decide it first."))
    for item in session.items.filter(status=AgendaItem.Status.VOTING):
        move(item, AgendaItem.Status.WAITING, by=by, at=at)
    move(session, ReviewSession.Status.CLOSED, by=by, at=at, closed_at=at or timezone.now())
    later = next_session(session.product, at=at)
    session.items.filter(status=AgendaItem.Status.WAITING).update(session=later)
    below = session.items.filter(decision__outcome=Decision.Outcome.BELOW, idea__status=Idea.Status.TRIAGED)
    for item in below.select_related("idea"):
        put_on_agenda(item.idea, by=by, reason=item.reason, words=item.words, at=at)


def require_open(session: ReviewSession) -> None:
    """Raise NotAllowed unless the review is open."""
    if session.status != ReviewSession.Status.OPEN:
        raise NotAllowed(_("This review is not open."))
