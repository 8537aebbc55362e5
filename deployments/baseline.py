"""How production was before a release: the hours before it, to compare a watch with."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from deployments import histograms, readings, trials
from deployments.eprocess import ACT, WARN, Reference, Tier, Window, reference
from deployments.models import Sample, Watch
from environments.models import Environment

HOURS = 24
TELLING_CALLS = 50
SLOW_SHARE = 0.95
ASSUMED_RATE = 0.02
ASSUMED_SLOW_SECONDS, ASSUMED_SLOW_RATE = 1.0, 0.05
TIERS: dict[str, Tier] = {"warn": WARN, "act": ACT}
Row = tuple[datetime, bool, float | None, readings.Reading]


def before(environment: Environment, *, at: datetime) -> dict[str, Any]:
    """The HOURS before `at`: sums, limits of slowness by endpoint, and what is normal for each series.

    Samples of a release that was taken back are left out: a fault is no measure.
    """
    rows = list(samples(environment, at))
    total = readings.empty()
    for _when, _ok, _ms, deltas in rows:
        readings.add(total, deltas)
    limits = slow_limits(total)
    answered = [ms for _when, ok, ms, _deltas in rows if ok and ms is not None]
    return {
        **total,
        "probe_ms": round(sum(answered) / len(answered), 1) if answered else None,
        "elapsed": sum(gaps(rows)),
        "slow_limits": limits,
        "normal": {series: normal(hours) for series, hours in by_hour(rows, limits, at).items()},
    }


def samples(environment: Environment, at: datetime) -> Iterable[Row]:
    rows = Sample.objects.filter(environment=environment, at__gte=at - timedelta(hours=HOURS), at__lt=at)
    rows = rows.exclude(watch__status=Watch.Status.BAD).order_by("at", "id")
    return rows.values_list("at", "ok", "probe_ms", "deltas")


def gaps(rows: list[Row]) -> list[float]:
    """Seconds that the differences cover: between samples, but never more than ten minutes of silence."""
    return [min((later[0] - earlier[0]).total_seconds(), 600) for earlier, later in zip(rows, rows[1:], strict=False)]


def slow_limits(total: readings.Reading) -> dict[str, float]:
    """By endpoint the limit in seconds that 95 of 100 requests stayed within, where there were enough of them."""
    found = {
        endpoint: histograms.limit_at(buckets, SLOW_SHARE)
        for endpoint, buckets in total["buckets"].items()
        if total["requests"].get(endpoint, 0) >= TELLING_CALLS
    }
    return {endpoint: limit for endpoint, limit in found.items() if limit is not None}


def by_hour(rows: list[Row], limits: dict[str, float], at: datetime) -> dict[str, list[Window]]:
    """The trials of each series in each hour of the baseline."""
    hours: dict[int, trials.Trials] = {}
    for when, ok, _ms, deltas in rows:
        found = trials.of(deltas, ok=ok, slow_limits=limits)
        trials.add(hours.setdefault(int((at - when).total_seconds() // 3600), {}), found)
    return {
        series: [hour[series] for hour in hours.values() if series in hour]
        for series in sorted({series for hour in hours.values() for series in hour})
    }


def normal(hours: list[Window]) -> dict[str, Any]:
    """Counts and, for each tier, [rate, dispersion] of a series."""
    total = Window(sum(hour.trials for hour in hours), sum(hour.events for hour in hours))
    scatter = dispersion(hours, total)
    references = {name: reference(total, tier, dispersion=scatter) for name, tier in TIERS.items()}
    return {
        "trials": total.trials,
        "events": total.events,
        **{name: [found.rate, found.dispersion] for name, found in references.items()},
    }


def dispersion(hours: list[Window], total: Window) -> float:
    """How much more than independent trials the events scatter: max(1, mean (e - np)² / np(1 - p)) over the hours.

    Without it, errors in bursts raised a false alarm in one watch of seven (simulated, 20,000 requests a day).
    """
    if not 0 < total.events < total.trials:
        return 1.0
    p = total.events / total.trials
    squares = [(hour.events - hour.trials * p) ** 2 / (hour.trials * p * (1 - p)) for hour in hours if hour.trials]
    return max(1.0, sum(squares) / len(squares))


def reference_for(baseline: dict[str, Any], series: str, tier: str) -> Reference:
    """What is normal: the series itself if it was seen often enough, else the whole product, else an assumption."""
    known = baseline.get("normal", {})
    for name in (series, trials.ALL if trials.kind(series) in {"errors", "attempts"} else series):
        if known.get(name, {}).get("trials", 0) >= TELLING_CALLS:
            return Reference(*known[name][tier])
    return Reference(ASSUMED_SLOW_RATE if trials.kind(series) == "slow" else ASSUMED_RATE)


def limits_for(baseline: dict[str, Any], deltas: readings.Reading) -> dict[str, float]:
    """The limits of slowness of all endpoints in `deltas`; those without a history have the assumed one."""
    assumed = dict.fromkeys(deltas.get("buckets", {}), ASSUMED_SLOW_SECONDS)
    return {**assumed, **baseline.get("slow_limits", {})}


def calls(counts: dict[str, Any], endpoint: str) -> float:
    return float(counts.get("requests", {}).get(endpoint, 0))


def mean_seconds(counts: dict[str, Any], endpoint: str) -> float | None:
    """Mean time of a call in a baseline or in a watch's totals; None without calls."""
    requests = calls(counts, endpoint)
    return counts.get("seconds", {}).get(endpoint, 0) / requests if requests else None
