"""The watch's detector: a sequential e-process on counted events, and the hard gates beside it.

Each window of the watch is `trials` (requests, probes, started checkouts) of which `events` went wrong. Against the
baseline rate p0 five alternatives r·p0 are kept as likelihood ratios; their mean is the evidence. It is a
nonnegative supermartingale while the true rate is at most p0, so by Ville's inequality the chance that it ever
reaches 1/alpha is at most alpha, however often one looks. A share of the stake enters at each restart, which keeps
it quick about faults that begin late. See Ville (1939); Shafer et al., "Test martingales, Bayes factors and
p-values", Statistical Science 26 (2011); Johari et al., "Always valid inference", Operations Research 70 (2022).
Dividing by the baseline's dispersion is a heuristic for errors that come in bursts, not part of the guarantee.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

RATIOS = (2.0, 3.0, 5.0, 10.0, 30.0)
LOWEST_RATE, HIGHEST_RATE = 0.001, 0.95
RESTARTS = 24
_LARGEST = 1e200

Evidence = tuple[float, ...]
NO_EVIDENCE: Evidence = (0.0,) * len(RATIOS)


class Window(NamedTuple):
    """What was counted in one stretch of time. Counters of a scrape are floats, hence so are these."""

    trials: float
    events: float


class Tier(NamedTuple):
    """`alpha` = highest chance of a false alarm in a whole watch; `tolerance` = how much worse is still fine."""

    alpha: float
    tolerance: float


WARN, ACT = Tier(0.10, 1.0), Tier(0.01, 1.5)


@dataclass(frozen=True)
class Reference:
    """What is normal: the rate up to which nothing is wrong, and how bursty the baseline was (1 = independent)."""

    rate: float
    dispersion: float = 1.0


def reference(baseline: Window, tier: Tier, *, dispersion: float = 1.0) -> Reference:
    """The reference out of a baseline's totals: `tolerance` times the upper 95 % limit (Jeffreys) of its rate.

    An empty baseline knows nothing: the limit is then near 1, and no number of errors is evidence.
    """
    good = max(0, baseline.trials - baseline.events)
    upper = beta_quantile(0.95, baseline.events + 0.5, good + 0.5)
    rate = min(max(LOWEST_RATE, tier.tolerance * upper), HIGHEST_RATE)
    return Reference(rate, max(1.0, dispersion))


def restart(evidence: Evidence, *, restarts: int = RESTARTS) -> Evidence:
    """Add one share of the stake; to be called `restarts` times in a watch, at equal distances, from its start."""
    return tuple(min(value + 1 / restarts, _LARGEST) for value in evidence)


def observe(evidence: Evidence, window: Window, normal: Reference) -> Evidence:
    """The evidence after one more window. Each window counts exactly once; an empty one changes nothing."""
    events = min(max(window.events, 0), window.trials)
    good = window.trials - events
    return tuple(
        min(value * math.exp(_log_ratio(events, good, ratio, normal)), _LARGEST)
        for value, ratio in zip(evidence, RATIOS, strict=True)
    )


def alarm(evidence: Evidence, alpha: float, *, metrics: int = 1) -> bool:
    """Whether the evidence is enough; with several metrics in one watch alpha is split among them (Bonferroni)."""
    return strength(evidence) >= metrics / alpha


def strength(evidence: Evidence) -> float:
    """The mean over the alternatives: bets won against "nothing is wrong", 1/alpha being an alarm."""
    return sum(evidence) / len(evidence)


def probes_failed(results: Sequence[bool], *, in_a_row: int = 3) -> bool:
    """Hard gate: the last three probes (True = it answered well) all failed."""
    return len(results) >= in_a_row and not any(results[-in_a_row:])


def errors_burst(quarter_hour: Sequence[Window]) -> bool:
    """Hard gate over the windows of the last 15 minutes: ≥ 20 requests, ≥ 5 errors and ≥ 10 %."""
    trials, events = sum(w.trials for w in quarter_hour), sum(w.events for w in quarter_hour)
    return trials >= 20 and events >= 5 and events >= 0.10 * trials


def beta_quantile(q: float, a: float, b: float) -> float:
    """The q-quantile of Beta(a, b), by bisection to 1e-9."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if _beta_cdf(middle, a, b) < q else (low, middle)
    return (low + high) / 2


def _log_ratio(events: float, good: float, ratio: float, normal: Reference) -> float:
    p0 = normal.rate
    p1 = max(p0, min(ratio * p0, HIGHEST_RATE))
    value = (events * math.log(p1 / p0) + good * math.log((1 - p1) / (1 - p0))) / normal.dispersion
    return max(-500.0, min(value, 500.0))


def _beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function: continued fraction of Lentz (Numerical Recipes, 6.4)."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return math.exp(log_front) * _fraction(x, a, b) / a
    return 1 - math.exp(log_front) * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1), tiny)
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d, tiny)
            c = _not_zero(1 + term / c, tiny)
            value *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return value


def _not_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
