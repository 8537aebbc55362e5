"""Who sits at the review's table: a seat for the team lead, the product owner and DevOps each.

One person may hold several seats and casts one ballot. The table seats as many different people as it can; anybody
with a seat's role may take it over.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product as combinations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import AgendaItem, Ballot, ReviewSession, Rhythm, Seat
from lifecycle.models import Membership, Product, Role, User
from lifecycle.transitions import NotAllowed

SEATS = (Role.TEAM_LEAD, Role.PRODUCT_OWNER, Role.DEVOPS)
CHOICES_PER_SEAT = 3  # with three seats, three people for each are enough to find as many different ones as possible


@dataclass(frozen=True)
class Voter:
    """A person at the table for one idea: the seats they vote for, and their ballot once it is cast."""

    person: User
    roles: list[str]
    ballot: Ballot | None

    @property
    def role_names(self) -> str:
        return ", ".join(str(Role(role).label) for role in self.roles)


@dataclass(frozen=True)
class Table:
    """The table around one agenda item, in its present round."""

    voters: list[Voter]
    vacant: list[Role]
    quorum_wanted: int

    @property
    def cast(self) -> int:
        return sum(voter.ballot is not None for voter in self.voters)

    @property
    def expected(self) -> int:
        return len(self.voters)

    @property
    def is_full(self) -> bool:
        return 0 < self.expected == self.cast

    @property
    def quorum(self) -> int:
        return min(self.quorum_wanted, self.expected)

    @property
    def has_quorum(self) -> bool:
        return 0 < self.quorum <= self.cast

    @property
    def missing(self) -> list[User]:
        return [voter.person for voter in self.voters if voter.ballot is None]

    def own(self, user: User) -> Ballot | None:
        """The ballot of `user`, who may see no other before the reveal."""
        return next((one.ballot for one in self.voters if one.ballot and one.person.pk == user.pk), None)

    def why_not(self, with_quorum: bool) -> str:
        """Why the ballots cannot be opened yet, and what would open them."""
        if with_quorum:
            words = ngettext(
                "A quorum is %(quorum)s ballot; %(cast)s is in.",
                "A quorum is %(quorum)s ballots; %(cast)s is in.",
                self.quorum,
            )
            return words % {"quorum": self.quorum, "cast": self.cast}
        if not self.voters:
            return _("Nobody has a seat: give somebody the role of team lead, product owner or DevOps.")
        names = ", ".join(str(person) for person in self.missing)
        return _("The ballots open together; still missing: %(names)s.") % {"names": names}


@dataclass(frozen=True)
class Board:
    """The people who may sit at each seat of a session, and who does; makes the table of any of its items."""

    people: dict[Role, list[User]]
    holders: dict[Role, User]
    quorum: int

    def table(self, item: AgendaItem) -> Table:
        """The table of one item; free of statements where its ballots and voters were prefetched."""
        ballots = item.current
        voted = {ballot.voter_id: Voter(ballot.voter, list(ballot.roles), ballot) for ballot in ballots}
        covered = {role for ballot in ballots for role in ballot.roles}
        waiting: dict[int, Voter] = {}
        for role, person in self.holders.items():
            if role not in covered and person.pk not in voted:
                waiting.setdefault(person.pk, Voter(person, [], None)).roles.append(role)
        voters = sorted([*voted.values(), *waiting.values()], key=place_at_table)
        return Table(voters, [role for role in SEATS if not self.people[role]], self.quorum)

    def roles_of(self, user: User) -> list[Role]:
        """The seats that `user` holds."""
        return [role for role in SEATS if role in self.holders and self.holders[role].pk == user.pk]

    def roles_to_vote_for(self, item: AgendaItem, user: User) -> list[Role]:
        """The seats that a ballot of `user` stands for: their own, else the first of their roles nobody voted for.

        NotAllowed if somebody has voted for each of their roles, or they have none.
        """
        taken = {role: ballot.voter for ballot in item.current if ballot.voter_id != user.pk for role in ballot.roles}
        free = [role for role in SEATS if user in self.people[role] and role not in taken]
        held = [role for role in self.roles_of(user) if role in free]
        if held or free:
            return held or free[:1]
        for role in SEATS:
            if user in self.people[role]:
                raise NotAllowed(_("%(name)s has cast the ballot of your role.") % {"name": taken[role]})
        raise NotAllowed(_("Ballots are cast by the team lead, the product owner and DevOps."))


def place_at_table(voter: Voter) -> tuple[int, int]:
    """Where a voter sits: in the order of the seats."""
    first = min((SEATS.index(Role(role)) for role in voter.roles if role in SEATS), default=len(SEATS))
    return first, voter.person.pk


def board(session: ReviewSession) -> Board:
    """The board of a session as it stands now; three statements."""
    people = members(session.product)
    chosen = {Role(seat.role): seat.user for seat in session.seats.select_related("user")}
    kept = {role: user for role, user in chosen.items() if role in SEATS and user in people[role]}
    return Board(people, seat_everybody(people, kept), Rhythm.of(session.product).quorum)


def members(product: Product) -> dict[Role, list[User]]:
    """The active people of each seat, by name; one statement."""
    rows = Membership.objects.filter(product=product, user__is_active=True, roles__overlap=list(SEATS))
    people: dict[Role, list[User]] = {role: [] for role in SEATS}
    for row in rows.select_related("user").order_by("user__name", "user_id"):
        for role in SEATS:
            if role in row.roles:
                people[role].append(row.user)
    return people


def seat_everybody(people: dict[Role, list[User]], kept: dict[Role, User]) -> dict[Role, User]:
    """Who holds which seat: those who sit stay, the other seats go to as many different people as possible."""
    roles = [role for role in SEATS if people[role]]
    candidates = [[kept[role]] if role in kept else people[role][:CHOICES_PER_SEAT] for role in roles]
    best = max(combinations(*candidates), key=lambda chosen: len(Counter(user.pk for user in chosen)))
    return dict(zip(roles, best, strict=True))


def keep(session: ReviewSession, holders: dict[Role, User], roles: Iterable[Role] | None = None) -> None:
    """Write down who sits where, for `roles` or for all."""
    for role in roles if roles is not None else holders:
        Seat.objects.update_or_create(session=session, role=role, defaults={"user": holders[role]})


def table(item: AgendaItem) -> Table:
    """The table of one item, with the ballots that are in."""
    return board(item.session).table(item)
