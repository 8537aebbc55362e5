"""What a scrape says, made small: counters by endpoint, their differences and sums. Pure: no database.

A reading is a JSON object: `requests`, `errors` and `seconds` by endpoint, `buckets` by endpoint and upper limit in
seconds (cumulative, as in Prometheus), `started` and `failed` by the name of what is tried ("shop_checkouts").
"""

from collections.abc import Iterable, Mapping
from typing import Any

from deployments.metrics.prometheus_text import Sample as Measured

Reading = dict[str, Any]
PLAIN = ("requests", "errors", "seconds", "started", "failed")
REQUESTS = ("http_requests_total", "http_server_requests_total")
DURATIONS = ("http_request_seconds", "http_request_duration_seconds", "http_server_request_duration_seconds")
ENDPOINT_LABELS = ("endpoint", "route", "handler", "path", "http_route")
STATUS_LABELS = ("status", "code", "status_code", "http_response_status_code")
STARTED, FAILED = "_started_total", "_failed_total"


def empty() -> Reading:
    return {name: {} for name in (*PLAIN, "buckets")}


def reading(measured: Iterable[Measured]) -> Reading:
    """The counters the watch understands; everything else in the scrape is left out."""
    found = empty()
    for line in measured:
        if line.name in REQUESTS:
            count_request(found, line)
        elif line.name.endswith(STARTED):
            grow(found["started"], line.name.removesuffix(STARTED), line.value)
        elif line.name.endswith(FAILED):
            grow(found["failed"], line.name.removesuffix(FAILED), line.value)
        else:
            time_request(found, line)
    return found


def count_request(found: Reading, line: Measured) -> None:
    endpoint = label(line, ENDPOINT_LABELS)
    grow(found["requests"], endpoint, line.value)
    if label(line, STATUS_LABELS).startswith("5"):
        grow(found["errors"], endpoint, line.value)


def time_request(found: Reading, line: Measured) -> None:
    for name in DURATIONS:
        endpoint = label(line, ENDPOINT_LABELS)
        if line.name == f"{name}_sum":
            grow(found["seconds"], endpoint, line.value)
        elif line.name == f"{name}_bucket" and "le" in line.labels:
            grow(found["buckets"].setdefault(endpoint, {}), line.labels["le"], line.value)


def label(line: Measured, names: Iterable[str]) -> str:
    """The first of these labels that the line has; endpoints of an application without labels are all one."""
    return next((line.labels[name] for name in names if name in line.labels), "")


def grow(counts: dict[str, float], key: str, value: float) -> None:
    counts[key] = counts.get(key, 0) + value


def since(before: Reading, after: Reading) -> Reading:
    """What happened between two readings of one process.

    Counters that fell mean that the process was started anew: then everything it counts happened since
    (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate says the same of resets).
    """
    if not before or restarted(before, after):
        before = empty()
    change: Reading = {name: minus(after[name], before[name]) for name in PLAIN}
    change["buckets"] = {
        endpoint: grown
        for endpoint, limits in after["buckets"].items()
        if (grown := histogram_since(before["buckets"].get(endpoint, {}), limits))
    }
    return change


def histogram_since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """All limits, also those that did not grow, because a quantile lies between two of them; {} if none grew."""
    grown = {limit: value - before.get(limit, 0) for limit, value in after.items()}
    return grown if any(value > 0 for value in grown.values()) else {}


def restarted(before: Reading, after: Reading) -> bool:
    return any(
        after[name].get(key, 0) < value for name in ("requests", "started") for key, value in before[name].items()
    )


def minus(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """Only what grew; rounded, because JSON has no use for 0.30000000000000004 seconds."""
    grown = {key: round(value - before.get(key, 0), 6) for key, value in after.items()}
    return {key: value for key, value in grown.items() if value > 0}


def add(total: Reading, change: Reading) -> None:
    """Add a difference to a sum, in place."""
    for name in PLAIN:
        for key, value in change.get(name, {}).items():
            grow(total[name], key, value)
    for endpoint, limits in change.get("buckets", {}).items():
        kept = total["buckets"].setdefault(endpoint, {})
        for limit, value in limits.items():
            grow(kept, limit, value)
