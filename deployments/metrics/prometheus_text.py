"""The Prometheus text format, as `/metrics` of an application speaks it.

https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4. Timestamps and OpenMetrics exemplars
are skipped. What the numbers mean is not known here.
"""

import math
import re
from typing import NamedTuple

SAMPLES_LIMIT = 50_000
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_START_OF_LABELS = re.compile(r"\s*\{")
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?')
_END_OF_LABELS = re.compile(r"\s*\}")
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


class MetricsError(ValueError):
    """The text is not in the format; the message names the line."""


class Sample(NamedTuple):
    """One number, e.g. `http_requests_total{endpoint="/cart"} 42`."""

    name: str
    labels: dict[str, str]
    value: float


def parse(text: str) -> list[Sample]:
    """All samples with a finite value, in order. MetricsError at the first line that is none, or past SAMPLES_LIMIT."""
    samples: list[Sample] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if len(samples) == SAMPLES_LIMIT:
            raise MetricsError(f"line {number}: more than {SAMPLES_LIMIT} samples")
        sample = _sample(line, number)
        if math.isfinite(sample.value):
            samples.append(sample)
    return samples


def _sample(line: str, number: int) -> Sample:
    name = _NAME.match(line)
    if not name:
        raise MetricsError(f"line {number} is not a sample: {line[:80]!r}")
    labels, end = _labels(line, name.end(), number)
    try:
        return Sample(name[0], labels, float(line[end:].split()[0]))
    except (ValueError, IndexError):
        raise MetricsError(f"line {number} has no number: {line[:80]!r}") from None


def _labels(line: str, at: int, number: int) -> tuple[dict[str, str], int]:
    """The labels that begin at `at`, and where they end; none if there is no brace."""
    labels: dict[str, str] = {}
    brace = _START_OF_LABELS.match(line, at)
    if not brace:
        return labels, at
    at = brace.end()
    while not (end := _END_OF_LABELS.match(line, at)):
        found = _LABEL.match(line, at)
        if not found:
            raise MetricsError(f"line {number} has labels that cannot be read: {line[:80]!r}")
        labels[found[1]] = re.sub(r"\\.", lambda escape: _ESCAPES.get(escape[0], escape[0]), found[2])
        at = found.end()
    return labels, end.end()
