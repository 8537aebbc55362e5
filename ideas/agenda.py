"""Point 2: the next review and what is on its agenda."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import journey, rhythm, scoring, seats, telling
from ideas.models import AgendaItem, Idea, ReviewSession, Rhythm, Stop
from ideas.rhythm import next_start, week_of
from lifecycle.events import By
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed, move

__all__ = ["next_start", "week_of"]
Status = ReviewSession.Status
FROM_TRIAGE = (AgendaItem.Reason.TRIAGED, AgendaItem.Reason.WOKEN, AgendaItem.Reason.ANSWERED)


def current_session(product: Product) -> ReviewSession | None:
    """The open review, else the next one whose agenda stands or is still gathered."""
    sessions = ReviewSession.objects.filter(product=product)
    coming = sessions.filter(status__in=[Status.PLANNED, Status.FROZEN]).order_by("starts_at")
    return sessions.filter(status=Status.OPEN).first() or coming.first()


def next_session(product: Product, *, at: datetime | None = None) -> ReviewSession:
    """The next review that is not open yet, made for the next free day of the rhythm if there is none."""
    coming = ReviewSession.objects.filter(product=product, status__in=[Status.PLANNED, Status.FROZEN])
    found = coming.order_by("starts_at").first()
    if found:
        return found
    starts_at = rhythm.free_start(product, at or timezone.now())
    return ReviewSession.objects.get_or_create(
        product=product,
        week=week_of(product, starts_at),
        defaults={"starts_at": starts_at, "capacity": Rhythm.of(product).capacity},
    )[0]


def hold(session: ReviewSession) -> ReviewSession:
    """Lock the session's row for the transaction and read it anew: what is done to one review is done in turn."""
    held = ReviewSession.objects.select_for_update(no_key=True, of=("self",)).select_related("product")
    fresh = held.get(pk=session.pk)
    for name in ("status", "on_stage_id", "timer_ends_at", "starts_at", "opened_at"):
        setattr(session, name, getattr(fresh, name))
    return session


@transaction.atomic
def put_on_agenda(
    idea: Idea,
    *,
    by: By,
    reason: str = AgendaItem.Reason.FEEDBACK,
    words: str = "",
    carried_from: ReviewSession | None = None,
    at: datetime | None = None,
) -> AgendaItem:
    """Put the idea (its primary) on the next review's agenda; it reaches Review by that.

    An idea that waits on an agenda already stays there once, and `words` are added to its words. Where the agenda
    stands already, it joins the end: below the cut, unless there is room.
    """
    now = at or timezone.now()
    locked = Idea.objects.select_for_update(of=("self",), no_key=True).select_related("product")
    primary = locked.get(pk=idea.canonical_id or idea.pk)
    item = waiting_item(primary)
    if item is None:
        session = next_session(primary.product, at=now)
        item = AgendaItem(session=session, idea=primary, reason=reason, added_at=now, carried_from=carried_from)
        item.position, item.is_extra = last_position(session), session.is_frozen and not has_room(session)
        item.score = scoring.score(item, at=now)
    item.words = "\n".join(part for part in (item.words, words.strip()) if part)
    item.save()
    transaction.on_commit(item.session.changed)
    journey.reach(primary, Stop.REVIEW, by=by, fact=item, at=now)
    idea.stop, idea.stop_note = primary.stop, primary.stop_note
    return item


def waiting_item(primary: Idea) -> AgendaItem | None:
    """Where the idea waits for a decision, if it does."""
    over = [Status.CLOSED, Status.DROPPED]
    items = AgendaItem.objects.filter(idea=primary).exclude(status=AgendaItem.Status.DECIDED)
    return items.exclude(session__status__in=over).select_related("session").order_by("id").last()


def take_off(idea: Idea) -> None:
    """Take the idea off the agenda on which it waits; NotAllowed while the board has it in hand."""
    item = waiting_item(idea)
    if item is None:
        return
    if item.status != AgendaItem.Status.WAITING:
        raise NotAllowed(_("The board has this idea in hand right now; its decision comes from the review."))
    item.delete()
    transaction.on_commit(item.session.changed)


def last_position(session: ReviewSession) -> int:
    return (session.items.aggregate(last=Max("position"))["last"] or 0) + 1


def has_room(session: ReviewSession) -> bool:
    """Whether the meeting's minutes are enough for one more idea."""
    return bool(session.items.filter(is_extra=False).count() < Rhythm.of(session.product).ideas_that_fit)


@transaction.atomic
def freeze(session: ReviewSession, *, by: By, at: datetime | None = None) -> None:
    """Let the agenda stand: triaged ideas join, all are ordered by score and cut to the meeting's minutes.

    The rest stays ranked below the cut. Seats are given, the board is told that it can vote. NotAllowed without ideas.
    """
    now = at or timezone.now()
    gather(hold(session), by=by, at=now)
    if not order(session, at=now):
        raise NotAllowed(_("Nothing is on the agenda yet: triage an idea first."))
    rule = Rhythm.of(session.product)
    move(session, Status.FROZEN, by=by, at=at, frozen_at=now, capacity=rule.capacity)
    board = seats.board(session)
    seats.keep(session, board.holders)
    session.changed()
    people = list({person.pk: person for person in board.holders.values()}.values())
    telling.tell_board(session, people, "review.ready", key=f"review.ready:{session.pk}")


def gather(session: ReviewSession, *, by: By, at: datetime) -> None:
    """Triaged ideas that wait nowhere join; those that were declined, snoozed or queued meanwhile leave."""
    gone = session.items.filter(status=AgendaItem.Status.WAITING, reason__in=FROM_TRIAGE)
    gone.exclude(idea__status=Idea.Status.TRIAGED).delete()
    waiting = AgendaItem.objects.exclude(status=AgendaItem.Status.DECIDED)
    waiting = waiting.exclude(session__status__in=[Status.CLOSED, Status.DROPPED])
    triaged = Idea.objects.primary().filter(product=session.product, status=Idea.Status.TRIAGED)
    for idea in triaged.exclude(pk__in=waiting.values("idea")).order_by("id"):
        put_on_agenda(idea, by=by, reason=AgendaItem.Reason.TRIAGED, at=at)


def order(session: ReviewSession, *, at: datetime) -> int:
    """Rank what waits by score, and cut it where the meeting ends; returns how many ideas there are."""
    fits = Rhythm.of(session.product).ideas_that_fit
    items = list(waiting(session))
    for item in items:
        item.score = scoring.score(item, at=at)
    items.sort(key=lambda item: (-item.score, item.position, item.pk))
    for position, item in enumerate(items, start=1):
        item.position, item.is_extra = position, position > fits
    AgendaItem.objects.bulk_update(items, ["score", "position", "is_extra"])
    return len(items)


def waiting(session: ReviewSession) -> QuerySet[AgendaItem]:
    """What is still to come, without ideas that were merged into another one meanwhile."""
    items = session.items.filter(status=AgendaItem.Status.WAITING, idea__canonical=None)
    return items.select_related("idea").order_by("position", "id")


@transaction.atomic
def thaw(session: ReviewSession, *, by: By, at: datetime | None = None) -> None:
    """Gather ideas once more instead of letting the agenda stand; ballots that were cast are kept."""
    move(hold(session), Status.PLANNED, by=by, at=at, frozen_at=None)
    session.changed()


@transaction.atomic
def skip(session: ReviewSession, *, by: By, reason: str = "", at: datetime | None = None) -> ReviewSession:
    """Hold no review this time: what waits goes on to the next one, which is returned."""
    move(hold(session), Status.DROPPED, by=by, at=at, note=reason.strip())
    later = next_session(session.product, at=max(at or timezone.now(), session.starts_at))
    carry_over(session, later)
    session.changed()
    return later


def carry_over(session: ReviewSession, later: ReviewSession) -> int:
    """What was not reached goes on to the next review, with its ballots; one that was opened is voted on anew."""
    items = list(session.items.exclude(status=AgendaItem.Status.DECIDED).order_by("position", "id"))
    position = last_position(later)
    for place, item in enumerate(items):
        item.session, item.carried_from, item.position = later, session, position + place
        item.is_extra = later.is_frozen
    AgendaItem.objects.bulk_update(items, ["session", "carried_from", "position", "is_extra"])
    transaction.on_commit(later.changed)
    return len(items)


def freeze_due(*, at: datetime) -> int:
    """Let those agendas stand whose ballots open now and that have ideas; returns how many."""
    planned = ReviewSession.objects.filter(status=Status.PLANNED, items__status=AgendaItem.Status.WAITING)
    frozen = 0
    for session in planned.select_related("product").distinct():
        hours = Rhythm.of(session.product).ballots_open_hours
        if session.starts_at - timedelta(hours=hours) <= at:
            freeze(session, by=telling.CLOCK, at=at)
            frozen += 1
    return frozen
