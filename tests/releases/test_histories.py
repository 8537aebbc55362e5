"""Whatever is pushed, amended, stacked, composed, shipped, rolled back, undone and shipped again: the tree is exact.

HISTORIES=200 plays that many random histories (`make chaos` does); the suite plays a few, the same ones every time.
"""

import os
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

HISTORIES = int(os.environ.get("HISTORIES", "0"))
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

    def some(self, random, *statuses: str) -> list[int]:
        found = self.world.numbers(*statuses)
        return sorted(random.sample(found, random.randint(1, len(found)))) if found else []

    @precondition(lambda self: len(self.world.texts) < MOST)
    @rule()
    def push(self) -> None:
        self.world.begin(None)

    @precondition(lambda self: self.world.texts and len(self.world.texts) < MOST)
    @rule(random=SOME)
    def stack(self, random) -> None:
        self.world.begin(random.choice([*self.world.texts]))

    @precondition(lambda self: self.world.numbers(S.DEVELOPMENT, *OFFERED))
    @rule(random=SOME, anew=st.booleans())
    def amend(self, random, anew: bool) -> None:
        self.world.amend(random.choice(self.world.numbers(S.DEVELOPMENT, *OFFERED)), anew=anew)

    @rule(random=SOME)
    def offer(self, random) -> None:
        for number in self.some(random, S.DEVELOPMENT):
            self.world.offer(number)

    @precondition(lambda self: self.world.numbers(*OFFERED))
    @rule(random=SOME)
    def ship(self, random) -> None:
        self.world.ship(self.some(random, *OFFERED))

    @precondition(lambda self: self.world.live)
    @rule(random=SOME)
    def undo(self, random) -> None:
        live = [*self.world.live]
        self.world.undo(sorted(random.sample(live, random.randint(1, len(live)))))

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


def test_the_tree_always_equals_the_expected_set_of_changes(cast, settings, tmp_path):
    settings.VAR = tmp_path / "var"
    plan = hypothesis.settings(
        max_examples=HISTORIES or FEW,
        stateful_step_count=STEPS,
        derandomize=not HISTORIES,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    world = {"cast": cast, "folder": tmp_path, "numbers": count(1)}
    run_state_machine_as_test(type("Here", (Histories,), world), settings=plan)
