"""What only counts effects: the files of COUNTED, which run beside the rest of a whole campaign (beside.py)."""

from pathlib import Path

from tests.chaos.beside import Beside
from tests.chaos.results import Results

COUNTED = ("test_races", "test_freezes", "test_broker_beats", "test_duplicates", "test_promotions")


def targets() -> list[str]:
    return [str(Path(__file__).with_name(f"{name}.py")) for name in COUNTED]


def test_what_only_counts_effects_ran_beside_the_rest(counted: Beside, results: Results) -> None:
    bad = counted.bad()
    results.take(counted.results)
    assert bad == [], counted.tail()
