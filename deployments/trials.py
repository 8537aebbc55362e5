"""What one sample says, as trials that went well or wrong, by series. Pure.

A series is named "kind:subject": `errors:` all requests, `errors:checkout` one endpoint's, `attempts:shop_checkouts`
what people started and could not finish, `slow:checkout` requests beyond the limit that held before, `probes:`.
"""

from collections.abc import Mapping

from deployments import histograms, readings
from deployments.eprocess import Window

ALL, PROBES = "errors:", "probes:"
Trials = dict[str, Window]


def kind(series: str) -> str:
    return series.partition(":")[0]


def subject(series: str) -> str:
    return series.partition(":")[2]


def of(deltas: readings.Reading, *, ok: bool, slow_limits: Mapping[str, float]) -> Trials:
    """The trials of one sample; `slow_limits` are seconds by endpoint."""
    found = {PROBES: Window(1, int(not ok))}
    if not deltas:
        return found
    found |= errors(deltas)
    for name, started in deltas["started"].items():
        found[f"attempts:{name}"] = window(started, deltas["failed"].get(name, 0))
    for endpoint, buckets in deltas["buckets"].items():
        if endpoint in slow_limits:
            slow, calls = histograms.slower_than(buckets, slow_limits[endpoint])
            found[f"slow:{endpoint}"] = window(calls, slow)
    return found


def errors(deltas: readings.Reading) -> Trials:
    """Failed requests by endpoint, and all together."""
    found = {ALL: window(sum(deltas["requests"].values()), sum(deltas["errors"].values()))}
    for endpoint, requests in deltas["requests"].items():
        if endpoint:
            found[f"errors:{endpoint}"] = window(requests, deltas["errors"].get(endpoint, 0))
    return found


def window(trials: float, events: float) -> Window:
    """Counts are whole; a failure counted one sample after its start is never more than the trials."""
    return Window(round(trials), min(round(events), round(trials)))


def add(total: Trials, found: Trials) -> None:
    """Add to a sum, in place."""
    for series, more in found.items():
        kept = total.get(series, Window(0, 0))
        total[series] = Window(kept.trials + more.trials, kept.events + more.events)
