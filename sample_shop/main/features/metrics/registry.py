"""Counters and histograms of this process in Prometheus' text format.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from threading import Lock

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def sample(name: str, labels: dict[str, str], value: float) -> str:
    """One line: name{label="value"} 1"""
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    """All digits: `format(value, "g")` would round a count of more than six."""
    return repr(value)


class Counter:
    """Counts events by label values, given in the order of `labels`."""

    def __init__(self, name: str, help_text: str, *labels: str) -> None:
        self.name, self.help_text, self.labels = name, help_text, labels
        self._lock = Lock()
        self._counts: dict[tuple[str, ...], int] = defaultdict(int)
        if not labels:
            self._counts[()] = 0

    def add(self, *values: str) -> None:
        with self._lock:
            self._counts[values] += 1

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help_text}"
        yield f"# TYPE {self.name} counter"
        with self._lock:
            counts = sorted(self._counts.items())
        for values, count in counts:
            yield sample(self.name, dict(zip(self.labels, values, strict=True)), count)


class Histogram:
    """Sorts durations in seconds into buckets, for each value of one label."""

    def __init__(self, name: str, help_text: str, label: str) -> None:
        self.name, self.help_text, self.label = name, help_text, label
        self._lock = Lock()
        self._buckets: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS_SECONDS) + 1))
        self._sums: dict[str, float] = defaultdict(float)

    def observe(self, value: str, seconds: float) -> None:
        with self._lock:
            self._buckets[value][bisect_left(BUCKETS_SECONDS, seconds)] += 1
            self._sums[value] += seconds

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help_text}"
        yield f"# TYPE {self.name} histogram"
        with self._lock:
            observed = [(value, list(counts), self._sums[value]) for value, counts in self._buckets.items()]
        for value, counts, seconds in sorted(observed):
            yield from self._lines_of(value, counts, seconds)

    def _lines_of(self, value: str, counts: list[int], seconds: float) -> Iterator[str]:
        so_far = 0
        for limit, count in zip([*map("{:g}".format, BUCKETS_SECONDS), "+Inf"], counts, strict=True):
            so_far += count
            yield sample(f"{self.name}_bucket", {self.label: value, "le": limit}, so_far)
        yield sample(f"{self.name}_sum", {self.label: value}, round(seconds, 6))
        yield sample(f"{self.name}_count", {self.label: value}, so_far)
