"""Whatever is pushed, amended, stacked, composed, shipped, rolled back, undone and shipped again: the tree is exact.

The suite plays a few histories, the same ones every time; HISTORIES=200 that many, other ones each time.
"""

import os
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from releases.models import Change
from tests.cast import Cast
from tests.releases.histories import MOST, OFFERED, World

FEW, STEPS = 8, 16
S = Change.Status
SOME = st.randoms(use_true_random=False)


class Histories(RuleBasedStateMachine):
    """One history: rules draw what happens next, and the world compares after each."""

    cast: Cast
    folder: Path
    numbers: Iterator[int]

    @initialize()
    def begin(self) -> None:
        name = f"history-{next(self.numbers)}"
        self.world = World(self.cast, self.folder / name, name)

    def some(self, dice, *statuses: str) -> list[int]:
        found = self.world.numbers(*statuses)
        return sorted(dice.sample(found, dice.randint(1, len(found)))) if found else []

    @precondition(lambda self: len(self.world.texts) < MOST)
    @rule()
    def push(self) -> None:
        self.world.begin(None)

    @precondition(lambda self: self.world.texts and len(self.world.texts) < MOST)
    @rule(dice=SOME)
    def stack(self, dice) -> None:
        self.world.begin(dice.choice([*self.world.texts]))

    @precondition(lambda self: self.world.numbers(S.DEVELOPMENT, *OFFERED))
    @rule(dice=SOME, anew=st.booleans())
    def amend(self, dice, anew: bool) -> None:
        self.world.amend(dice.choice(self.world.numbers(S.DEVELOPMENT, *OFFERED)), anew=anew)

    @rule(dice=SOME)
    def offer(self, dice) -> None:
        for number in self.some(dice, S.DEVELOPMENT):
            self.world.offer(number)

    @precondition(lambda self: self.world.numbers(*OFFERED))
    @rule(dice=SOME)
    def ship(self, dice) -> None:
        self.world.ship(self.some(dice, *OFFERED))

    @precondition(lambda self: self.world.live)
    @rule(dice=SOME)
    def undo(self, dice) -> None:
        live = [*self.world.live]
        self.world.undo(sorted(dice.sample(live, dice.randint(1, len(live)))))

    @precondition(lambda self: self.world.before)
    @rule()
    def roll_back(self) -> None:
        self.world.roll_back()

    @rule()
    def follow(self) -> None:
        self.world.follow()

    @rule()
    def compose(self) -> None:
        self.world.try_dev()
        self.world.try_staging()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.try_dev()


def play(cast: Cast, folder: Path, *, histories: int, seed: int | None = None) -> None:
    """So many histories, the same ones each time without a `seed`; the first that goes wrong is printed."""
    plan = hypothesis.settings(
        max_examples=histories,
        stateful_step_count=STEPS,
        derandomize=seed is None,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    here = type("Here", (Histories,), {"cast": cast, "folder": folder, "numbers": count(1)})
    run_state_machine_as_test(here if seed is None else hypothesis.seed(seed)(here), settings=plan)


def test_the_tree_always_equals_the_expected_set_of_changes(cast, settings, tmp_path):
    settings.VAR = tmp_path / "var"
    asked = int(os.environ.get("HISTORIES") or 0)
    seed = random.SystemRandom().randrange(10**6) if asked else None
    print(f"seed {seed}")
    play(cast, tmp_path, histories=asked or FEW, seed=seed)
