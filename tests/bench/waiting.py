"""How long a person waits: asking until it is so, and saying it as a line of the table."""

import statistics
import time
from collections.abc import Callable

from tests.bench.visiting import Visitor
from tests.chaos.stack import status_of
from tests.deployments.shop import answer


def until(question: Callable[[], object], seconds: float = 60, *, every: float = 0.005) -> float:
    """Seconds until the answer is true, asked `every` so many seconds."""
    began = time.monotonic()
    while not question():
        time.sleep(every)
        assert time.monotonic() - began < seconds
    return time.monotonic() - began


def worker_has_written(visitor: Visitor, pk: int) -> bool:
    """Whether the log's own address shows a line that the worker wrote, as the page would ask for it."""
    return "Attempt 1" in visitor.get(f"/deployments/{pk}/log/", **{"HX-Request": "true"})


def answers(port: int) -> str:
    """What the application on this port calls itself; "" while it does not answer."""
    return str(answer(port).get("release", ""))


def is_up(address: str) -> bool:
    """Whether the web server answers."""
    return status_of(f"{address}/healthz") == 200


def p50(values: list[float]) -> float:
    return statistics.median(values)


def p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(len(values) * 0.95) - 1)]


def report(name: str, values: list[float], *, p50_limit: float | None = None, p95_limit: float | None = None) -> str:
    """One line: p50, p95 and worst in seconds beside what was asked."""
    asked = [f"p50 ≤ {p50_limit:.2f} s"] if p50_limit else []
    asked += [f"p95 ≤ {p95_limit:.2f} s"] if p95_limit else []
    numbers = f"p50 {p50(values):.3f} s, p95 {p95(values):.3f} s, worst {max(values):.3f} s"
    return f"{name:<38} {numbers}   {', '.join(asked)}".rstrip()
