"""Ten kills and three freezes with leases as long as they really are."""

from collections.abc import Iterator

import pytest

from tests.chaos.product import ChaosProduct
from tests.chaos.results import Results, spread
from tests.chaos.sizes import SEED
from tests.chaos.stack import TEMPO, Stack
from tests.chaos.test_freezes import AT_THE_TARGET, freeze_all
from tests.chaos.test_kills import MAX_SECONDS, P50_SECONDS, delays, wage

KILLS, FROZEN_AT = 10, ["write:verifying", "step:switch:done", AT_THE_TARGET]
DRIVERS = ("command", "process", "fake", "command", "fake")


@pytest.fixture
def real(stack: Stack) -> Iterator[Stack]:
    """The stack at a tempo of 1; its workers are started anew, before and after."""
    stack.retune(tempo=1)
    yield stack
    stack.retune(tempo=TEMPO)


def test_ten_kills_and_three_freezes_at_real_values(real: Stack, product: ChaosProduct, results: Results) -> None:
    campaign = wage(real, product, "real", KILLS, drivers=DRIVERS)
    seconds = sorted(delays(campaign))
    frozen = freeze_all(real, product, "cold", FROZEN_AT)
    is_fast = seconds[len(seconds) // 2] <= P50_SECONDS and seconds[-1] <= MAX_SECONDS
    wrong = campaign.wrong + frozen.wrong
    results.add(
        "at real values",
        asked=f"{KILLS} kills helped in p50 ≤ {P50_SECONDS} s, max ≤ {MAX_SECONDS} s; {len(FROZEN_AT)} freezes refused",
        measured=f"{spread(seconds)}; refused {len(frozen.refused)}, accepted {len(frozen.accepted)}, "
        f"wrong {len(wrong)}; seed {SEED}",
        ok=is_fast and not wrong and not frozen.accepted,
    )
    assert wrong == []
    assert frozen.accepted == []
    assert is_fast, seconds
