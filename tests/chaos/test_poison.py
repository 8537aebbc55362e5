"""A job that always kills its worker, and what other queues have of it.

Guards: attempts are counted in the row, and there are at most three (`cap`); what dies beside it is found (`sweep`).
"""

import threading
import time

import pytest
from django.db import connection

from deployments import running
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import jobs, notifications
from lifecycle.models import Work
from tests.chaos import work
from tests.chaos.observing import Observer, without
from tests.chaos.others import MAIL, Others
from tests.chaos.product import ChaosProduct, ended, log_of
from tests.chaos.results import Results, spread
from tests.chaos.sizes import rounds
from tests.chaos.stack import Stack, eventually
from tests.chaos.traps import KILL, KILL_GROUP

S = Deployment.Status
NEIGHBOUR_SECONDS = 5.0
OTHERS_SECONDS = {KILL: 25.0, KILL_GROUP: 50.0}
"""At a tempo of 1: no longer than a deployment beside it; what died with a whole worker is found and done once."""


class Poison:
    """Sets the same trap again as soon as it has sprung."""

    def __init__(self, stack: Stack, subject: str, point: str, action: str) -> None:
        self.stack, self.trap = stack, (subject, point, action)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._keep_setting, daemon=True)

    def __enter__(self) -> "Poison":
        self.stack.traps.set(*self.trap)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join()
        self.stack.traps.clear()

    def _keep_setting(self) -> None:
        while not self.stopping.wait(0.1):
            self.stack.traps.set(*self.trap)

    @property
    def deaths(self) -> int:
        return len(self.stack.traps.notes(self.trap[0], self.trap[2]))


@pytest.mark.parametrize("action", [pytest.param(KILL, marks=pytest.mark.smoke), KILL_GROUP])
def test_a_deployment_that_kills_every_worker_is_given_up_and_the_old_release_stays(
    stack: Stack, product: ChaosProduct, results: Results, action: str
) -> None:
    place, other = product.environment(f"poisoned-{action}", driver="command"), product.environment(f"beside-{action}")
    for environment in (place, other):
        product.deploy(environment, 0)
    others = Others(product, f"beside-{action}")
    asked = product.ask(place, 1, traps={"before:health": action})
    with Observer(stack), Poison(stack, asked.log_key, "before:health", action) as poison:
        seconds = beside(product, other, asked, others)
        ended(asked, seconds=60)
        others.wait()
    place.refresh_from_db()
    back = (asked.status, product.runs(place), place.state) == (S.ERRORED, product.release(0), Environment.State.OK)
    quick = action == KILL_GROUP or max(seconds) <= NEIGHBOUR_SECONDS
    results.add(
        f"a deployment that always kills ({action})",
        asked=f"≤ 3 attempts, then errored, old release back; others' deployments ≤ {NEIGHBOUR_SECONDS:.0f} s",
        measured=f"{poison.deaths} deaths, {asked.status}, runs {product.runs(place)}; others {spread(seconds)}",
        ok=poison.deaths == 3 and back and quick,
    )
    assert poison.deaths == 3, log_of(asked)
    assert back, log_of(asked)
    assert running.active(place) is None
    assert quick, seconds
    require_undisturbed(others, results, action, limit=OTHERS_SECONDS[action] / stack.tempo)


def require_undisturbed(others: Others, results: Results, action: str, *, limit: float) -> None:
    took, not_once = others.seconds(), others.not_once()
    most = dict.fromkeys(took, limit)
    if action == KILL_GROUP:  # a letter that its worker held when it died is tried again after a pause
        most[MAIL] += notifications.FIRST_PAUSE_SECONDS
    is_good = not not_once and all(max(seconds) <= most[queue] for queue, seconds in took.items())
    results.add(
        f"other queues beside it ({action})",
        asked="every job and letter once (again only what its worker died in), in ≤ "
        + ", ".join(f"{most[queue]:.0f} s ({queue})" for queue in most),
        measured="; ".join(f"{queue} {spread(seconds)}" for queue, seconds in took.items())
        + f"; not once {len(not_once)}",
        ok=is_good,
    )
    assert not_once == []
    assert is_good, took


def beside(product: ChaosProduct, other: Environment, poisoned: Deployment, others: Others) -> list[float]:
    """How long deployments of a neighbour take meanwhile; other queues are given something each time."""
    seconds = []
    for number in range(1, 200):
        others.give()
        began = time.monotonic()
        ended(product.ask(other, number), seconds=60)
        seconds.append(time.monotonic() - began)
        poisoned.refresh_from_db()
        if poisoned.is_final:
            break
        time.sleep(0.3)
    return seconds


def test_work_that_kills_every_worker_is_given_up(stack: Stack, product: ChaosProduct, results: Results) -> None:
    work.register()
    keys = [f"poison{n}" for n in range(rounds(10, smoke=2))]
    poisons = [Poison(stack, key, "work", KILL) for key in keys]
    for poison in poisons:
        poison.__enter__()
    try:
        for key in keys:
            jobs.enqueue(work.KIND, product.product, product=product.product, key=key)
        rows = Work.objects.filter(key__in=keys)
        eventually(lambda: not rows.exclude(status=Work.Status.ERRORED).exists(), "the end of it", seconds=60)
    finally:
        for poison in poisons:
            poison.__exit__()
    deaths = {poison.deaths for poison in poisons}
    results.add(
        "work that always kills its worker",
        asked=f"{len(keys)} jobs, ≤ 3 attempts each, then errored",
        measured=f"attempts {sorted(deaths)}, effects {sum(key in work.runs() for key in keys)}",
        ok=deaths == {3},
    )
    assert deaths == {3}
    assert "died 3 times" in rows[0].error


def test_without_the_count_it_kills_a_fourth_worker(stack: Stack, product: ChaosProduct) -> None:
    place = product.environment("uncounted")
    product.deploy(place, 0)
    with without(stack, "cap"):
        asked = product.ask(place, 1, traps={"before:health": KILL})
        with Poison(stack, asked.log_key, "before:health", KILL) as poison:
            eventually(lambda: poison.deaths > 3, "the fourth death", seconds=60)
    assert ended(asked).attempt > 3
    connection.close()


def test_without_the_reconciler_what_died_beside_it_is_never_done(stack: Stack, product: ChaosProduct) -> None:
    """All three processes of one worker are busy when the poison kills it."""
    place, others = product.environment("beside-unswept"), Others(product, "unswept")
    product.deploy(place, 0)
    with without(stack, "sweep", workers=1), Observer(stack):
        held = others.hold_one_of_each()
        product.ask(place, 1, traps={"before:health": KILL_GROUP})
        with pytest.raises(AssertionError, match="the rest of unswept"):
            others.wait(seconds=OTHERS_SECONDS[KILL] / stack.tempo)
        assert not set(held) & set(work.runs())
    others.wait()
    assert others.not_once() == []
