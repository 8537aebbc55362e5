"""What this shop measures about itself."""

from features.metrics.registry import Counter, Histogram

requests = Counter("http_requests_total", "Answered requests.", "endpoint", "method", "status")
request_seconds = Histogram("http_request_seconds", "Time to answer a request.", "endpoint")
checkouts_started = Counter("shop_checkouts_started_total", "Orders somebody tried to place.")
checkouts_failed = Counter("shop_checkouts_failed_total", "Orders the shop could not take by its own fault.")

ALL = (requests, request_seconds, checkouts_started, checkouts_failed)


def exposition() -> str:
    """All measures as Prometheus' text."""
    return "\n".join(line for measure in ALL for line in measure.lines()) + "\n"
