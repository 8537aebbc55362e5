"""Point 2: secret ballots, cast before or in the meeting, and opened together."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import disagreement, meeting, seats, telling
from ideas.agenda import hold
from ideas.models import AgendaItem, Ballot, ReviewSession, Rhythm
from ideas.triage import checked_scales
from lifecycle import notifications
from lifecycle.events import By
from lifecycle.models import Role, User
from lifecycle.transitions import NotAllowed, move


@transaction.atomic
def cast(
    item: AgendaItem,
    *,
    by: User,
    choice: str,
    urgency: int,
    importance: int,
    complexity: int | None = None,
    note: str = "",
    round: int | None = None,
    at: datetime | None = None,
) -> Ballot:
    """Cast or change one's secret ballot, for every seat one holds; possible as soon as the agenda stands.

    `complexity` counts from the team lead only, and may stay unknown. Raises NotAllowed when the item takes no ballots
    (any more), `round` is over, or somebody else has cast for each of one's roles.
    """
    scales = checked_scales(urgency=urgency, importance=importance)
    if complexity is not None:
        checked_scales(complexity=complexity)
    if choice not in Ballot.Choice.values:
        raise ValidationError({"choice": _("Choose whether to take it.")})
    session = hold(item.session)
    require_ballots(fresh(item), round)
    roles = seats.board(session).roles_to_vote_for(item, by)
    seats.keep(session, dict.fromkeys(roles, by))
    values = {"roles": roles, "choice": choice, "note": note.strip()[:300], "cast_at": at or timezone.now(), **scales}
    values["complexity"] = complexity if Role.TEAM_LEAD in roles else None
    if session.is_open:
        meeting.attend(session, by=by, at=at)
    session.changed()
    return Ballot.objects.update_or_create(item=item, round=item.round, voter=by, defaults=values)[0]


def fresh(item: AgendaItem) -> AgendaItem:
    """Lock the item's row and read it anew."""
    held = AgendaItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    item.status, item.round, item.session_id = held.status, held.round, held.session_id
    return item


def require_ballots(item: AgendaItem, round_meant: int | None) -> None:
    """Raise NotAllowed unless the item takes ballots, and of the round that the voter meant."""
    if not item.session.takes_ballots or not item.takes_ballots:
        raise NotAllowed(_("Nobody votes on this idea right now."))
    if round_meant is not None and round_meant != item.round:
        raise NotAllowed(_("The board votes on this idea once more; look at it again and cast your ballot anew."))


@transaction.atomic
def reveal(item: AgendaItem, *, by: By, with_quorum: bool = False, at: datetime | None = None) -> None:
    """Open all ballots of an idea together. Refused until everybody is in; `with_quorum` goes on with fewer."""
    session = hold(item.session)
    meeting.require_open(session)
    table = seats.board(session).table(fresh(item))
    if item.takes_ballots and not (table.is_full or (with_quorum and table.has_quorum)):
        raise NotAllowed(table.why_not(with_quorum))
    meeting.step_back(item, by=by, at=at)
    move(item, AgendaItem.Status.REVEALED, by=by, at=at, is_extra=False)
    if isinstance(by, User):
        meeting.attend(session, by=by, at=at)
    meeting.put_on_stage(session, item, at=at)


@transaction.atomic
def reveal_all(session: ReviewSession, *, by: User, with_quorum: bool = False, at: datetime | None = None) -> int:
    """Open the ballots of every idea that all have voted on; those they disagree on most are talked about first.

    Ideas below the cut stay shut. Returns how many were opened; NotAllowed if none could be.
    """
    meeting.require_open(hold(session))
    board = seats.board(session)
    shut = session.items.filter(
        status__in=[AgendaItem.Status.WAITING, AgendaItem.Status.VOTING], is_extra=False, idea__canonical=None
    )
    opened = 0
    for item in shut.select_for_update(of=("self",), no_key=True).prefetch_related("ballots__voter"):
        table = board.table(item)
        if table.is_full or (with_quorum and table.has_quorum):
            item.session = session
            move(item, AgendaItem.Status.REVEALED, by=by, at=at)
            opened += 1
    if not opened:
        raise NotAllowed(_("No idea has all its ballots yet."))
    voting = session.items.filter(status=AgendaItem.Status.VOTING)
    for item in voting:
        move(item, AgendaItem.Status.WAITING, by=by, at=at)
    meeting.attend(session, by=by, at=at)
    meeting.call_next(session, by=by, at=at)
    return opened


def reveal_due(*, at: datetime) -> int:
    """Open the ballots whose time is over, where the house rules say so and a quorum is in; returns how many."""
    due = ReviewSession.objects.filter(
        status=ReviewSession.Status.OPEN, timer_ends_at__lte=at, on_stage__status=AgendaItem.Status.VOTING
    )
    opened = 0
    for session in due.select_related("product", "on_stage__idea"):
        item = session.on_stage
        item.session = session
        if Rhythm.of(session.product).reveals_by_itself and seats.table(item).has_quorum:
            reveal(item, by=telling.CLOCK, with_quorum=True, at=at)
            opened += 1
    return opened


def remind(item: AgendaItem, *, by: User) -> int:
    """Tell once more those whose ballot is missing; returns how many they are. Each is reminded once per round."""
    people = [person for person in seats.table(item).missing if person != by]
    url, key = telling.url_of_ballot(item), f"review.remind:{item.pk}:{item.round}"
    session = item.session
    notifications.tell(people, "review.open", url=url, key=key, product=session.product, week=session.week)
    return len(people)


@transaction.atomic
def vote_again(item: AgendaItem, *, by: User, at: datetime | None = None) -> None:
    """Begin another round on an opened idea; the ballots of the round before are kept to compare."""
    meeting.require_open(hold(item.session))
    fresh(item)
    meeting.step_back(item, by=by, at=at)
    move(item, AgendaItem.Status.VOTING, by=by, at=at, round=item.round + 1)
    item.session.on_stage_id = None  # a new round has a new time
    meeting.put_on_stage(item.session, item, at=at)


def unanimous(session: ReviewSession) -> dict[str, list[AgendaItem]]:
    """The opened ideas on which all say the same and are close, by what they say."""
    opened = session.items.filter(status=AgendaItem.Status.REVEALED).select_related("idea")
    found: dict[str, list[AgendaItem]] = {}
    for item in opened.prefetch_related("ballots").order_by("position", "id"):
        if disagreement.is_unanimous(item.current):
            found.setdefault(item.current[0].choice, []).append(item)
    return found
