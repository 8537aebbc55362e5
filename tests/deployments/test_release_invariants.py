"""The invariants of a release's history at work: in a history in which everything happens, and on broken rules."""

from collections.abc import Callable
from itertools import count
from types import ModuleType

import pytest

from deployments import approval_rules, gates
from releases import freezing, pins, verdicts
from releases.models import Change, Release
from tests.deployments.release_steps import next_step
from tests.deployments.test_release_histories import Histories

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
R = Release.Status


@pytest.fixture
def history(cast, settings, tmp_path) -> Histories:
    """A release of a change in a file of its own and two in shop.py, frozen, on staging and tested together."""
    settings.VAR = tmp_path / "var"
    Histories.cast, Histories.folder, Histories.numbers = cast, tmp_path, count(1)
    made = Histories()
    made.begin(shared=[False, True, True], steps=7)
    made.work()
    return made


def broken(history: Histories) -> dict[str, str]:
    """The number of each invariant that does not hold → what it says."""
    found = {}
    for one in history.invariants:
        try:
            one.function(history)
        except AssertionError as error:
            found[str(error).split(":")[0].split("\n")[0]] = str(error)
    return found


def look(history: Histories) -> None:
    assert broken(history) == {}


def go_on(history: Histories, until: Callable[[], object]) -> None:
    for _step in range(30):
        if until():
            return
        next_step(history.world)
        look(history)
    raise AssertionError("it does not get there")


def test_they_hold_while_everything_happens(history: Histories):
    world, [release] = history.world, history.frozen
    look(history)
    world.push(1)
    world.test(2, is_good=False)
    look(history)
    world.take_out(release, 3)
    look(history)
    world.bug(is_shared=True)
    go_on(history, lambda: world.model.came_back)
    world.renew(world.releases(R.FROZEN)[0], 1)
    go_on(history, lambda: len(world.model.before) == 2)
    assert set(world.model.live) == {1, 2, 4}
    for live in ({4}, set()):
        world.roll_back()
        world.deploy()
        look(history)
        assert set(world.model.live) == live


def newest_push(change: Change, *_more: object):
    return change.revision


def anything(*_args: object) -> bool:
    return True


def no_files(*_args: object) -> set[str]:
    return set()


def nothing(*_args: object, **_more: object) -> None:
    return None


def push_and_recompose(history: Histories) -> None:
    history.world.push(1)
    history.world.recompose(history.frozen[0])


def take_out(history: Histories) -> None:
    history.world.take_out(history.frozen[0], 3)
    history.world.work()


def approve_and_set_a_variable(history: Histories) -> None:
    for verb in (history.world.go_through, history.world.show, history.world.say):
        verb(history.frozen[0])
    history.world.set_variable("20")


def ship_a_hotfix(history: Histories) -> None:
    history.world.bug(is_shared=True)
    for _step in range(8):
        next_step(history.world)


def ship_unseen(history: Histories) -> None:
    history.world.say(history.frozen[0])
    history.world.deploy()


BROKEN = {
    "3": (gates, "require_open", nothing, ship_unseen),
    "4": (approval_rules, "is_about", anything, approve_and_set_a_variable),
    "5": (pins, "revision_of", newest_push, push_and_recompose),
    "8": (freezing, "bring_back", nothing, ship_a_hotfix),
    "11": (verdicts, "overlap", no_files, take_out),
}
"""The number of an invariant → a rule without which it does not hold, what stands in its place, and what shows it."""


@pytest.mark.parametrize("number", BROKEN)
def test_without_its_rule_it_goes_red(history: Histories, monkeypatch, number: str):
    where, name, instead, happens = BROKEN[number]
    assert isinstance(where, ModuleType)
    monkeypatch.setattr(where, name, instead)
    happens(history)
    assert number in broken(history)
