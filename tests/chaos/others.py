"""What other queues are given while something goes wrong on one: jobs on `default` and `git`, letters on `mail`."""

from collections.abc import Iterator

from django.db.models import QuerySet

from lifecycle import jobs
from lifecycle.models import Notification, Work
from lifecycle.topics import EMAIL
from tests.chaos import work
from tests.chaos.product import ChaosProduct
from tests.chaos.stack import eventually
from tests.chaos.test_broker_beats import mails_of, tell_many
from tests.chaos.traps import WAIT

KINDS = {"default": work.KIND, "git": work.GIT_KIND}
EACH = 3
MAIL = "mail"


class Others:
    """`give` asks for a few of each; `seconds` says by queue how long each took, `not_once` what was not done once."""

    def __init__(self, product: ChaosProduct, name: str) -> None:
        self.product, self.name = product, name
        self.rounds: list[str] = []
        work.register()

    def give(self) -> None:
        self.rounds.append(f"{self.name}-{len(self.rounds)}")
        for key, kind in self._jobs(self.rounds[-1]):
            jobs.enqueue(kind, self.product.product, product=self.product.product, key=key)
        tell_many(self.product, self.rounds[-1], EACH)
        jobs.doorbell("lifecycle.tasks.send_mail", queue=MAIL)

    def hold_one_of_each(self) -> list[str]:
        """The same, where the first job of each queue is held by its worker, and these are being done."""
        name = f"{self.name}-{len(self.rounds)}"
        held = [f"{name}:{queue}:0" for queue in KINDS]
        for key in held:
            self.product.stack.traps.set(key, "work", WAIT)
        self.give()
        for key in held:
            eventually(lambda key=key: self.product.stack.traps.notes(key, WAIT), f"{key} in work", seconds=30)
        return held

    def _jobs(self, name: str) -> Iterator[tuple[str, str]]:
        for queue, kind in KINDS.items():
            for number in range(EACH):
                yield f"{name}:{queue}:{number}", kind

    def wait(self, *, seconds: float = 60) -> None:
        """Until everything has ended."""
        eventually(lambda: not self.waiting(), f"the rest of {self.name}", seconds=seconds, pause=0.2)

    def waiting(self) -> int:
        unfinished = Work.objects.filter(key__startswith=f"{self.name}-", finished_at=None).count()
        return unfinished + self._letters().filter(sent_at=None).count()

    def _letters(self) -> QuerySet[Notification]:
        return Notification.objects.filter(key__startswith=f"{self.name}-", channel=EMAIL)

    def _attempts(self) -> dict[str, int]:
        """By key, how often a worker had it: more than once only where one died."""
        return dict(Work.objects.filter(key__startswith=f"{self.name}-").values_list("key", "attempt"))

    def seconds(self) -> dict[str, list[float]]:
        """By queue, from the wish to the end."""
        found: dict[str, list[float]] = {queue: [] for queue in (*KINDS, MAIL)}
        for row in Work.objects.filter(key__startswith=f"{self.name}-"):
            found[row.queue].append((row.finished_at - row.requested_at).total_seconds())
        for letter in self._letters():
            found[MAIL].append((letter.sent_at - letter.created_at).total_seconds())
        return found

    def not_once(self) -> list[str]:
        """The jobs that were not done once, and the rounds whose letters there are not once each.

        One whose worker died between the line in the ledger and the word in its row is done again, as any work is that
        nobody has recorded: its row says so.
        """
        runs, attempts = work.runs(), self._attempts()
        keys = [key for name in self.rounds for key, _kind in self._jobs(name)]
        jobs_ = [key for key in keys if not 1 <= runs.count(key) <= attempts[key]]
        return jobs_ + [name for name in self.rounds if mails_of(self.product.stack, name) != EACH]
