"""Whatever people do with releases, in whatever order, sixteen sentences stay true (see release_invariants.py).

The suite plays a few histories, the same ones every time; HISTORIES=200 that many, longer and other ones each time.
"""

import os
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import hypothesis
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from releases.models import Change, Release
from tests.cast import Cast
from tests.deployments.release_invariants import Invariants
from tests.deployments.release_model import MOST
from tests.deployments.release_steps import next_step
from tests.deployments.release_workers import DONE, OFFERED
from tests.deployments.release_world import World

FEW, STEPS, MANY_STEPS = 4, 20, 50
C, R = Change.Status, Release.Status
SOME, MAYBE = st.randoms(use_true_random=False), st.booleans()
OPEN = (C.PLANNED, C.DEVELOPMENT, *OFFERED)


class Histories(Invariants):
    """One product's history: rules draw what happens next, and the model hears of what was not refused."""

    cast: Cast
    folder: Path
    numbers: Iterator[int]

    @initialize(shared=st.lists(MAYBE, min_size=2, max_size=3), steps=st.integers(4, 12))
    def begin(self, shared: list[bool], steps: int) -> None:
        self.point = transaction.savepoint()
        name = f"history-{next(self.numbers)}"
        self.world = World(self.cast, self.folder / name, name)
        self.world.plan(shared)
        self.go_on(steps)

    def teardown(self) -> None:
        if hasattr(self, "point"):
            DONE["come back"] += sum(self.world.model.came_back.values())
            transaction.savepoint_rollback(self.point)

    # who may be meant

    def open_changes(self, *statuses: str) -> list[int]:
        return [change.number for change in self.world.changes(*statuses)]

    @property
    def frozen(self) -> list[Release]:
        return self.world.releases(R.FROZEN)

    def one_of_frozen(self, dice) -> tuple[Release, int]:
        release = dice.choice(self.frozen)
        return release, dice.choice(sorted(release.changes.values_list("number", flat=True)))

    # what happens

    @precondition(lambda self: len(self.world.releases(R.PLANNED)) < 2)
    @precondition(lambda self: self.world.product.changes.count() < MOST - 2)
    @rule(shared=st.lists(MAYBE, min_size=1, max_size=3))
    def plan(self, shared: list[bool]) -> None:
        self.world.plan(shared)

    @rule(steps=st.integers(1, 12))
    def go_on(self, steps: int) -> None:
        for _step in range(steps):
            next_step(self.world)

    @rule(steps=st.integers(4, 12))
    def go_on_further(self, steps: int) -> None:
        self.go_on(steps)

    @precondition(lambda self: self.open_changes(*OPEN))
    @rule(dice=SOME, is_offered=MAYBE)
    def push(self, dice, is_offered: bool) -> None:
        number = dice.choice(self.open_changes(*OPEN))
        self.world.push(number)
        if is_offered:
            self.world.offer(number)

    @precondition(lambda self: self.open_changes(C.STAGING, C.APPROVED))
    @rule(dice=SOME, is_good=MAYBE)
    def test(self, dice, is_good: bool) -> None:
        self.world.test(dice.choice(self.open_changes(C.STAGING, C.APPROVED)), is_good=is_good)

    @rule()
    def promote(self) -> None:
        self.world.promote()

    @precondition(lambda self: self.world.releases(R.PLANNED))
    @rule(dice=SOME)
    def freeze(self, dice) -> None:
        self.world.freeze(dice.choice(self.world.releases(R.PLANNED)))

    @precondition(lambda self: self.frozen)
    @rule(dice=SOME)
    def unfreeze(self, dice) -> None:
        self.world.unfreeze(dice.choice(self.frozen))

    @precondition(lambda self: self.frozen)
    @rule(dice=SOME)
    def recompose(self, dice) -> None:
        self.world.recompose(dice.choice(self.frozen))

    @precondition(lambda self: self.frozen)
    @rule(dice=SOME)
    def eject(self, dice) -> None:
        self.world.take_out(*self.one_of_frozen(dice))

    @precondition(lambda self: self.frozen and self.open_changes(*OFFERED))
    @rule(dice=SOME)
    def take_in(self, dice) -> None:
        self.world.take_in(dice.choice(self.frozen), dice.choice(self.open_changes(*OFFERED)))

    @precondition(lambda self: self.frozen)
    @rule(dice=SOME)
    def renew(self, dice) -> None:
        self.world.renew(*self.one_of_frozen(dice))

    @precondition(lambda self: self.frozen)
    @rule(dice=SOME, is_good=MAYBE)
    def go_through(self, dice, is_good: bool) -> None:
        self.world.go_through(dice.choice(self.frozen), is_good=is_good)

    @precondition(lambda self: self.frozen)
    @rule(dice=SOME, is_good=MAYBE)
    def show(self, dice, is_good: bool) -> None:
        self.world.show(dice.choice(self.frozen), is_good=is_good)

    @precondition(lambda self: self.frozen)
    @rule(dice=SOME, is_good=MAYBE)
    def say(self, dice, is_good: bool) -> None:
        self.world.say(dice.choice(self.frozen), is_good=is_good)

    @precondition(lambda self: self.frozen)
    @rule(dice=SOME)
    def break_glass(self, dice) -> None:
        self.world.break_glass(dice.choice(self.frozen))

    @rule(value=st.sampled_from("12"))
    def set_variable(self, value: str) -> None:
        self.world.set_variable(value)

    @precondition(lambda self: self.open_changes(*OFFERED))
    @rule(dice=SOME)
    def hotfix(self, dice) -> None:
        found = self.open_changes(*OFFERED)
        self.world.hotfix(sorted(dice.sample(found, min(len(found), dice.randint(1, 2)))))

    @precondition(lambda self: self.frozen and self.world.product.changes.count() < MOST)
    @rule(is_shared=MAYBE, steps=st.integers(0, 6))
    def bug(self, is_shared: bool, steps: int) -> None:
        self.world.bug(is_shared=is_shared)
        self.go_on(steps)

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule()
    def deploy(self) -> None:
        self.world.deploy()

    @precondition(lambda self: self.world.model.before)
    @rule()
    def roll_back(self) -> None:
        self.world.roll_back()

    @precondition(lambda self: self.world.model.live)
    @rule()
    def prove(self) -> None:
        self.world.prove()


def play(cast: Cast, folder: Path, *, histories: int, steps: int, seed: int | None = None) -> None:
    """So many histories, the same ones each time without a `seed`; the first that goes wrong is printed."""
    how = hypothesis.settings(
        max_examples=histories,
        stateful_step_count=steps,
        derandomize=seed is None,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    here = type("Here", (Histories,), {"cast": cast, "folder": folder, "numbers": count(1)})
    run_state_machine_as_test(here if seed is None else hypothesis.seed(seed)(here), settings=how)


@pytest.mark.slow
def test_what_is_promised_stays_true_in_every_history(cast, settings, tmp_path):
    settings.VAR = tmp_path / "var"
    asked = int(os.environ.get("HISTORIES") or 0)
    seed = random.SystemRandom().randrange(10**6) if asked else None
    print(f"seed {seed}")
    play(cast, tmp_path, histories=asked or FEW, steps=MANY_STEPS if asked else STEPS, seed=seed)
    print(DONE)
