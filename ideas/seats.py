"""Who sits at the review's table: one ballot for the team lead, the product owner and DevOps each."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ideas.models import AgendaItem, Ballot
from lifecycle.models import Membership, Product, Role, User
from lifecycle.transitions import NotAllowed

SEATS = (Role.TEAM_LEAD, Role.PRODUCT_OWNER, Role.DEVOPS)
QUORUM = 2


@dataclass(frozen=True)
class Seat:
    """A role at the table, the people who have it, and its ballot once it is cast."""

    role: Role
    people: list[User]
    ballot: Ballot | None

    @property
    def person(self) -> User | None:
        """Who voted, else the first person who could."""
        return self.ballot.voter if self.ballot else next(iter(self.people), None)


@dataclass(frozen=True)
class Table:
    """The seats of one agenda item. A person with two roles votes once, so fewer ballots may be all there are."""

    seats: list[Seat]

    @property
    def cast(self) -> int:
        return sum(seat.ballot is not None for seat in self.seats)

    @property
    def expected(self) -> int:
        people = {person.pk for seat in self.seats for person in seat.people}
        return min(len(people), sum(bool(seat.people) for seat in self.seats))

    @property
    def is_full(self) -> bool:
        return 0 < self.expected <= self.cast

    @property
    def quorum(self) -> int:
        return min(QUORUM, self.expected)

    @property
    def has_quorum(self) -> bool:
        return 0 < self.quorum <= self.cast

    @property
    def missing(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.ballot is None and seat.people]

    def why_not(self, with_quorum: bool) -> str:
        """Why the ballots cannot be opened yet, and what would open them."""
        if with_quorum:
            return _("Two ballots are a quorum; %(cast)s is in.") % {"cast": self.cast}
        names = ", ".join(str(seat.person) for seat in self.missing)
        return _("The ballots open together; still missing: %(names)s.") % {"names": names}


def members(product: Product) -> dict[Role, list[User]]:
    """The active people of each seat, by name; one statement."""
    rows = Membership.objects.filter(product=product, user__is_active=True, roles__overlap=list(SEATS))
    people: dict[Role, list[User]] = {role: [] for role in SEATS}
    for row in rows.select_related("user").order_by("user__name", "user_id"):
        for role in SEATS:
            if role in row.roles:
                people[role].append(row.user)
    return people


def table(item: AgendaItem) -> Table:
    """The table of one item, with the ballots that are in."""
    ballots = {ballot.role: ballot for ballot in item.ballots.select_related("voter")}
    people = members(item.session.product)
    return Table([Seat(role, people[role], ballots.get(role)) for role in SEATS])


def free_role(item: AgendaItem, user: User) -> Role:
    """The seat that `user` votes for; NotAllowed if each of their roles has voted already, or they have none."""
    seats = [seat for seat in table(item).seats if user in seat.people]
    for seat in seats:
        if seat.ballot is None:
            return seat.role
    if seats:
        raise NotAllowed(_("%(name)s has cast the ballot of your role.") % {"name": seats[0].person})
    raise NotAllowed(_("Ballots are cast by the team lead, the product owner and DevOps."))
