"""Point 2: the meeting itself, from opening to closing: what is on stage, the timer, who is there."""

import zoneinfo
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import disagreement, outcomes, seats, telling
from ideas.agenda import carry_over, freeze, hold, next_session, waiting
from ideas.models import AgendaItem, Attendance, ReviewSession, Rhythm
from lifecycle import events
from lifecycle.events import By
from lifecycle.models import Role, User
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed, move

VOTING, WAITING, REVEALED = AgendaItem.Status.VOTING, AgendaItem.Status.WAITING, AgendaItem.Status.REVEALED


@transaction.atomic
def open_session(session: ReviewSession, *, by: User, at: datetime | None = None) -> None:
    """Open the review: the agenda is frozen if it was not yet, the first idea is on stage, the board is told.

    Raises NotAllowed if the agenda is empty or another review is open.
    """
    if hold(session).status == ReviewSession.Status.PLANNED:
        freeze(session, by=by, at=at)
    try:
        with transaction.atomic():
            move(session, ReviewSession.Status.OPEN, by=by, at=at, opened_at=at or timezone.now())
    except IntegrityError as error:
        raise NotAllowed(_("Another review is still open. Close it first.")) from error
    attend(session, by=by, at=at)
    call_next(session, by=by, at=at)
    telling.tell_board(
        session, people_who_may("cast_ballot", session.product), "review.open", key=f"review.open:{session.pk}"
    )


@transaction.atomic
def call(item: AgendaItem, *, by: By, at: datetime | None = None) -> None:
    """Take this idea of the agenda now; the one that was being voted on waits again, with its ballots."""
    require_open(hold(item.session))
    item.refresh_from_db(fields=["status", "is_extra"])
    if item.is_decided:
        raise NotAllowed(_("This idea is decided already."))
    step_back(item, by=by, at=at)
    if item.status == WAITING:
        move(item, VOTING, by=by, at=at, is_extra=False)
    put_on_stage(item.session, item, at=at)


def step_back(item: AgendaItem, *, by: By, at: datetime | None = None) -> None:
    """Whatever else is being voted on in its session waits again."""
    for other in item.session.items.filter(status=VOTING).exclude(pk=item.pk):
        move(other, WAITING, by=by, at=at)


def put_on_stage(session: ReviewSession, item: AgendaItem | None, *, at: datetime | None = None) -> None:
    """Show this idea to everybody; its time begins unless it was there already."""
    if item is None or session.on_stage_id != item.pk:
        minutes = Rhythm.of(session.product).minutes_per_idea
        session.timer_ends_at = (at or timezone.now()) + timedelta(minutes=minutes) if item else None
    session.on_stage = item
    session.save(update_fields=["on_stage", "timer_ends_at"])
    session.changed()


def call_next(session: ReviewSession, *, by: By, at: datetime | None = None) -> None:
    """Put up the opened idea that people disagree on most, else the next one of the agenda; else nothing."""
    opened = session.items.filter(status=REVEALED).prefetch_related("ballots")
    following = min(opened, key=disagreement.rank, default=None)
    if following is None:
        following = waiting(session).filter(is_extra=False).first()
        if following:
            following.session = session
            move(following, VOTING, by=by, at=at)
    put_on_stage(session, following, at=at)


@transaction.atomic
def add_minute(session: ReviewSession, *, by: User, at: datetime | None = None) -> None:
    """Give the idea on stage one minute more, from now if its time was over."""
    require_open(hold(session))
    now = at or timezone.now()
    session.timer_ends_at = max(now, session.timer_ends_at or now) + timedelta(minutes=1)
    session.save(update_fields=["timer_ends_at"])
    session.changed()


@transaction.atomic
def take_seat(session: ReviewSession, *, by: User, role: str) -> None:
    """Sit down in the seat of one of one's roles, from now on; whoever had it keeps the ballots they cast."""
    if hold(session).is_over:
        raise NotAllowed(_("This review is over."))
    people = seats.members(session.product)
    if role not in seats.SEATS or by not in people[Role(role)]:
        raise NotAllowed(_("This seat is for somebody with its role."))
    seats.keep(session, {Role(role): by})
    events.record("reviewsession.seat_taken", session, by=by, role=str(role))
    session.changed()


def attend(session: ReviewSession, *, by: User, at: datetime | None = None) -> None:
    """Note that somebody is there; whoever had left is back."""
    values = {"joined_at": at or timezone.now()}
    row, is_new = Attendance.objects.get_or_create(session=session, user=by, defaults=values)
    if row.left_at is not None:
        Attendance.objects.filter(pk=row.pk).update(left_at=None)
    if is_new or row.left_at is not None:
        session.changed()


@transaction.atomic
def join(session: ReviewSession, *, by: User, at: datetime | None = None) -> None:
    """Be there, also without a seat."""
    require_open(hold(session))
    attend(session, by=by, at=at)


@transaction.atomic
def leave(session: ReviewSession, *, by: User, at: datetime | None = None) -> None:
    """Go before the end."""
    require_open(hold(session))
    Attendance.objects.filter(session=session, user=by, left_at=None).update(left_at=at or timezone.now())
    session.changed()


@transaction.atomic
def close_session(session: ReviewSession, *, by: By, at: datetime | None = None) -> None:
    """End the review: its decisions are carried out and told, the minutes published, the rest is carried over.

    Raises NotAllowed while an idea's ballots are open, unless the clock closes a forgotten review.
    """
    now = at or timezone.now()
    require_open(hold(session))
    opened = session.items.filter(status=REVEALED)
    if isinstance(by, User) and opened.exists():
        raise NotAllowed(_("The ballots of one idea are open: decide it first."))
    for item in opened:
        move(item, WAITING, by=by, at=at, round=item.round + 1)
    for item in session.items.filter(status=VOTING):
        move(item, WAITING, by=by, at=at)
    put_on_stage(session, None, at=at)
    move(session, ReviewSession.Status.CLOSED, by=by, at=at, closed_at=now, published_at=now)
    Attendance.objects.filter(session=session, left_at=None).update(left_at=now)
    carry_over(session, next_session(session.product, at=max(now, session.starts_at)))
    outcomes.carry_out(session, at=now)


def close_forgotten(*, at: datetime) -> int:
    """Close the reviews that are still open on the day after, and say so to those who run them; returns how many."""
    closed = 0
    for session in ReviewSession.objects.filter(status=ReviewSession.Status.OPEN).select_related("product"):
        zone = zoneinfo.ZoneInfo(session.product.time_zone)
        began = session.opened_at or session.starts_at
        if began.astimezone(zone).date() >= at.astimezone(zone).date():
            continue
        close_session(session, by=telling.CLOCK, at=at)
        leaders = people_who_may("run_review", session.product)
        telling.tell_board(session, leaders, "review.forgotten", key=f"review.forgotten:{session.pk}")
        closed += 1
    return closed


def require_open(session: ReviewSession) -> None:
    """Raise NotAllowed unless the review is open."""
    if not session.is_open:
        raise NotAllowed(_("This review is not open."))
