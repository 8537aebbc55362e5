"""What is killed, and where: every boundary of a deployment, of a rollback, and of the way back after a no."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

from environments.models import Environment
from tests.chaos.sizes import dice
from tests.chaos.traps import FAIL, KILL, KILL_GROUP


def boundaries(*steps: str) -> tuple[str, ...]:
    return tuple(f"{when}:{step}" for step in steps for when in ("before", "after", "done"))


SHIP, ROLLBACK, RETURN = "deployment", "rollback", "way back"
STEPS = ("switch", "health", "verify", "snapshot")
POINTS = {
    SHIP: ("claimed", *boundaries("prepare", "backup", "migrate", *STEPS), "write:succeeded"),
    ROLLBACK: ("claimed", *boundaries("prepare", *STEPS), "write:succeeded"),
    RETURN: (*boundaries("return"), "write:failed"),
}
RANDOM = "at random"
RANDOM_ONES = {SHIP: 11, ROLLBACK: 4, RETURN: 0}
MIX = (SHIP, ROLLBACK, SHIP, RETURN, SHIP, ROLLBACK, SHIP, ROLLBACK, SHIP, RETURN)


@dataclass(frozen=True)
class Kill:
    """One kill: of `what` at the point `where`, or some time after it was claimed."""

    how: str
    what: str
    where: str

    @property
    def traps(self) -> dict[str, str]:
        says_no = {"before:verify": FAIL} if self.what == RETURN else {}
        return says_no if self.where == RANDOM else says_no | {self.where: self.how}

    def suits(self, place: Environment) -> bool:
        """Only production is backed up."""
        return place.is_production or "backup" not in self.where


def kills(count: int, *, production: bool) -> list[Kill]:
    """Half of them for the task's process, half for its whole worker; every boundary, and random moments between."""
    todo = [kill for how in (KILL, KILL_GROUP) for kill in islice(_without_end(how, production), count // 2)]
    dice("kills").shuffle(todo)
    return todo


def _without_end(how: str, production: bool) -> Iterator[Kill]:
    wheres = {what: [*points, *[RANDOM] * RANDOM_ONES[what]] for what, points in POINTS.items()}
    for points in wheres.values():
        dice(f"wheres {how}").shuffle(points)
    endless = {what: cycle(w for w in points if production or "backup" not in w) for what, points in wheres.items()}
    return (Kill(how, what, next(endless[what])) for what in cycle(MIX))
