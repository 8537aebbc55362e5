"""What the review session shows to one person, in a number of statements that does not grow with the agenda."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import disagreement, lines, seats, sizes
from ideas.capacity import Capacity, capacity
from ideas.models import AgendaItem, Attendance, Ballot, ReviewSession, Rhythm
from ideas.spread import Line, headline, spread
from lifecycle.dates import clock, weekday
from lifecycle.models import User


class Together(NamedTuple):
    """Opened ideas on which all say the same, to be decided in one go."""

    choice: str
    items: list[AgendaItem]
    action: str


@dataclass(frozen=True)
class Session:
    """One review as one person sees it."""

    review: ReviewSession
    items: list[AgendaItem]
    board: seats.Board
    rule: Rhythm
    there: list[Attendance]
    user: User
    now: datetime = field(default_factory=timezone.now)

    @cached_property
    def item(self) -> AgendaItem | None:
        """The idea on stage."""
        return next((one for one in self.items if one.pk == self.review.on_stage_id), None)

    @cached_property
    def table(self) -> seats.Table | None:
        return self.board.table(self.item) if self.item else None

    @cached_property
    def main(self) -> list[AgendaItem]:
        """What the meeting's minutes are enough for: decided first, then opened ones by disagreement, then to come."""
        return sorted((item for item in self.items if not item.is_extra), key=lines.in_turn)

    @cached_property
    def extras(self) -> list[AgendaItem]:
        """What is ranked below the cut."""
        return [item for item in self.items if item.is_extra]

    @cached_property
    def agenda(self) -> list[lines.AgendaLine]:
        return [self.line(item) for item in self.main]

    @cached_property
    def below_cut(self) -> list[lines.AgendaLine]:
        return [self.line(item) for item in self.extras]

    @property
    def to_go(self) -> int:
        return sum(not item.is_decided for item in self.main)

    @property
    def minutes_to_go(self) -> int:
        return self.to_go * self.rule.minutes_per_idea

    @property
    def place(self) -> int:
        return self.main.index(self.item) + 1 if self.item in self.main else 0

    @property
    def capacity(self) -> Capacity:
        deciding = self.item if self.is_revealed else None
        size = sizes.suggested_size(deciding) if deciding else 0
        return capacity(self.review.capacity, self.items, deciding, size, self.rule.unit)

    @property
    def is_planned(self) -> bool:
        return self.review.status == ReviewSession.Status.PLANNED

    @property
    def is_frozen(self) -> bool:
        return self.review.is_frozen

    @property
    def is_open(self) -> bool:
        return self.review.is_open

    @property
    def is_voting(self) -> bool:
        return self.is_open and self.item is not None and self.item.takes_ballots

    @property
    def is_revealed(self) -> bool:
        return self.is_open and self.item is not None and self.item.is_revealed

    @property
    def own(self) -> Ballot | None:
        """This person's ballot on the idea on stage."""
        return self.table.own(self.user) if self.table else None

    @property
    def why_not(self) -> str:
        """Why the ballots cannot be opened yet."""
        return self.table.why_not(with_quorum=False) if self.table else ""

    @property
    def ballots(self) -> list[Ballot]:
        """The opened ballots of the idea on stage; none while they are secret."""
        return self.item.current if self.item and self.is_revealed else []

    @property
    def earlier(self) -> list[Ballot]:
        """The ballots of the round before, opened long ago."""
        return self.item.earlier if self.item and self.is_open else []

    @property
    def spread(self) -> list[Line]:
        return spread(self.ballots)

    @property
    def can_reveal_all(self) -> int:
        """How many ideas have all their ballots and are still shut."""
        shut = (item for item in self.main if item.takes_ballots)
        return sum(self.board.table(item).is_full for item in shut)

    @cached_property
    def together(self) -> list[Together]:
        opened = [item for item in self.main if item.is_revealed and disagreement.is_unanimous(item.current)]
        groups = {choice: [item for item in opened if item.current[0].choice == choice] for choice in ACTIONS}
        return [Together(c, items, ACTIONS[c](len(items))) for c, items in groups.items() if len(items) > 1]

    @cached_property
    def missing(self) -> list[AgendaItem]:
        """The ideas above the cut that this person has yet to vote on."""
        if not self.review.takes_ballots:
            return []
        shut = (item for item in self.main if item.takes_ballots)
        return [item for item in shut if self.user in self.board.table(item).missing]

    @property
    def is_there(self) -> bool:
        return any(row.user_id == self.user.pk and row.left_at is None for row in self.there)

    @property
    def free_seats(self) -> list[tuple[str, User]]:
        """The seats of one's own roles that somebody else holds."""
        roles = [role for role in self.board.holders if self.user in self.board.people[role]]
        held = self.board.roles_of(self.user)
        return [(role, self.board.holders[role]) for role in roles if role not in held]

    @property
    def seconds_left(self) -> int | None:
        """Of the time of the idea on stage; 0 when it is over, None when no clock runs."""
        ends_at = self.review.timer_ends_at
        if not self.is_open or self.item is None or ends_at is None:
            return None
        return max(0, round((ends_at - self.now).total_seconds()))

    @property
    def time_left(self) -> str:
        minutes, seconds = divmod(self.seconds_left or 0, 60)
        return f"{minutes}:{seconds:02}"

    @property
    def headline(self) -> str:
        """The verdict so far."""
        if self.is_planned or self.is_frozen:
            return coming_headline(self)
        if self.item is None:
            return _("Everything on the agenda is decided") if self.is_open else _("This review is over")
        if self.is_revealed:
            return headline(self.ballots)
        words = ngettext("%(cast)s of %(all)s ballot is in", "%(cast)s of %(all)s ballots are in", self.table.expected)
        return words % {"cast": self.table.cast, "all": self.table.expected}

    @property
    def day(self) -> str:
        return weekday(timezone.localtime(self.review.starts_at))

    @property
    def ballots_open(self) -> str:
        """When the agenda will stand."""
        opens_at = self.review.starts_at - timedelta(hours=self.rule.ballots_open_hours)
        return _("%(day)s at %(time)s") % {"day": weekday(timezone.localtime(opens_at)), "time": clock(opens_at)}

    def line(self, item: AgendaItem) -> lines.AgendaLine:
        table = self.board.table(item) if self.review.takes_ballots and item.takes_ballots else None
        at, on_stage = self.review.frozen_at or self.now, item == self.item
        return lines.line(item, table, self.user, on_stage=on_stage, unit=self.rule.unit, at=at)


ACTIONS = {
    Ballot.Choice.YES: lambda n: (
        ngettext("Put this %(n)s into the queue", "Put these %(n)s into the queue", n) % {"n": n}
    ),
    Ballot.Choice.LATER: lambda n: ngettext("Put off this %(n)s", "Put off these %(n)s together", n) % {"n": n},
    Ballot.Choice.NO: lambda n: ngettext("Decline this %(n)s", "Decline these %(n)s together", n) % {"n": n},
}


def session(review: ReviewSession, user: User) -> Session:
    """The review with its agenda and the table around it; nine statements."""
    items = list(items_of(review))
    for item in items:
        item.session = review
    there = list(review.attendances.select_related("user").order_by("joined_at", "id"))
    return Session(review, items, seats.board(review), Rhythm.of(review.product), there, user)


def items_of(review: ReviewSession) -> QuerySet[AgendaItem]:
    items = review.items.filter(idea__canonical=None).select_related("idea__area", "carried_from")
    return items.prefetch_related("decisions", "ballots__voter").order_by("position", "id")


def coming_headline(view: Session) -> str:
    ideas = ngettext("%(n)s idea", "%(n)s ideas", len(view.main)) % {"n": len(view.main)}
    return _("Starts %(day)s at %(time)s with %(ideas)s") % {
        "day": view.day,
        "time": clock(view.review.starts_at),
        "ideas": ideas,
    }
