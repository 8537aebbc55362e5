"""Reading Prometheus histograms: cumulative counts by upper limit, whose names are texts ("0.25", "+Inf"). Pure."""

import math
from collections.abc import Mapping

Buckets = Mapping[str, float]


def ascending(buckets: Buckets) -> list[tuple[float, float]]:
    """(upper limit in seconds, requests up to it)."""
    return sorted((float(limit), count) for limit, count in buckets.items())


def total(buckets: Buckets) -> float:
    return max(buckets.values(), default=0)


def quantile(buckets: Buckets, share: float) -> float | None:
    """The `share` quantile in seconds, linear inside its bucket like Prometheus' histogram_quantile.

    None without requests. Beyond the highest finite limit the answer is that limit.
    """
    wanted = share * total(buckets)
    low, below = 0.0, 0.0
    for limit, count in ascending(buckets):
        if count >= wanted > 0:
            return low if math.isinf(limit) else low + (limit - low) * (wanted - below) / (count - below)
        low, below = limit, count
    return None


def slower_than(buckets: Buckets, seconds: float) -> tuple[float, float]:
    """(slow, all) requests; slow = surely above `seconds`, that is above the first limit that is not below it."""
    limit = min((limit for limit, _ in ascending(buckets) if limit >= seconds), default=math.inf)
    within = dict(ascending(buckets)).get(limit, total(buckets))
    return total(buckets) - within, total(buckets)


def limit_at(buckets: Buckets, share: float) -> float | None:
    """The smallest finite limit that at least `share` of the requests stay within; None if there is none."""
    enough = share * total(buckets)
    return next((limit for limit, count in ascending(buckets) if count >= enough > 0 and math.isfinite(limit)), None)
