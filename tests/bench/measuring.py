"""Measuring two things beside each other: interleaved rounds, CPU ms of this process and wall p50, as ratios."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Work = Callable[[], None]


@dataclass
class Cost:
    """What one call costs: CPU milliseconds of this process and wall milliseconds."""

    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)

    def add(self, work: Work) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        self.cpu_ms.append((time.process_time() - cpu) * 1000)
        self.wall_ms.append((time.perf_counter() - wall) * 1000)

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpu_ms)

    @property
    def p50(self) -> float:
        return statistics.median(self.wall_ms)


@dataclass(frozen=True)
class Comparison:
    """The product beside its limit."""

    name: str
    product: Cost
    limit: Cost
    allowed: float

    @property
    def cpu_ratio(self) -> float:
        return self.product.cpu / self.limit.cpu

    @property
    def p50_ratio(self) -> float:
        return self.product.p50 / self.limit.p50

    def __str__(self) -> str:
        return (
            f"{self.name:<22} {self.product.cpu:7.2f} {self.limit.cpu:7.2f} {self.cpu_ratio:6.2f}   "
            f"{self.product.p50:7.2f} {self.limit.p50:7.2f} {self.p50_ratio:6.2f}   ≤ {self.allowed:.1f}"
        )


HEADER = f"{'':<22} {'CPU ms':>7} {'limit':>7} {'ratio':>6}   {'p50 ms':>7} {'limit':>7} {'ratio':>6}"


def compare(
    name: str, product: Work, limit: Work, *, allowed: float, rounds: int = 120, warm_up: int = 15
) -> Comparison:
    """Run both in turn, so that whatever else the machine does meets both."""
    ours, bare = Cost(), Cost()
    for _round in range(warm_up):
        product()
        limit()
    for _round in range(rounds):
        ours.add(product)
        bare.add(limit)
    return Comparison(name, ours, bare, allowed)
