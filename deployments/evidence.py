"""What a watch has seen, folded sample by sample into one JSON object: sums, cells for the page, bets won. Pure.

Folding keeps a sample's cost the same in the first minute and in the last hour, and a page reads one row.
"""

from datetime import datetime
from typing import Any

from deployments import baseline, eprocess, readings, trials
from deployments.baseline import TIERS
from deployments.eprocess import NO_EVIDENCE, RESTARTS, Window

CELLS = 48
WARM_UP_SHARE, WARM_UP_SECONDS = 0.05, 300
Evidence = dict[str, Any]


def nothing() -> Evidence:
    return {
        "samples": 0,
        "readings": 0,
        "unread": 0,
        "probes": 0,
        "bad_probes": 0,
        "bad_run": 0,
        "totals": readings.empty(),
        "cells": {},
        "series": {},
    }


class Span:
    """From when to when a watch lasts, and how far it is at one moment (0 to 1)."""

    def __init__(self, opened_at: datetime, closes_at: datetime) -> None:
        self.opened_at, self.seconds = opened_at, max(1.0, (closes_at - opened_at).total_seconds())

    def passed(self, at: datetime) -> float:
        return (at - self.opened_at).total_seconds()

    def part(self, at: datetime, parts: int) -> int:
        """Which of `parts` equal stretches `at` lies in, from 0."""
        return min(parts - 1, max(0, int(parts * self.passed(at) / self.seconds)))

    def is_warming_up(self, at: datetime) -> bool:
        """Caches are cold just after a start: slowness does not count yet, errors do."""
        return self.passed(at) < min(WARM_UP_SECONDS, WARM_UP_SHARE * self.seconds)


def fold(
    evidence: Evidence,
    *,
    at: datetime,
    ok: bool,
    probe_ms: float | None,
    error: str,
    deltas: readings.Reading,
    has_counters: bool,
    normal: dict[str, Any],
    span: Span,
) -> trials.Trials:
    """Add one sample, in place; returns its trials. `normal` is the watch's baseline."""
    found = trials.of(deltas, ok=ok, slow_limits=baseline.limits_for(normal, deltas))
    evidence["samples"] += 1
    evidence["readings"] += has_counters
    evidence["unread"] += ok and bool(error)
    evidence["probes"] += 1
    evidence["bad_probes"] += not ok
    evidence["bad_run"] = 0 if ok else evidence["bad_run"] + 1
    readings.add(evidence["totals"], deltas)
    fill_cell(evidence["cells"].setdefault(str(span.part(at, CELLS)), new_cell()), found, deltas, probe_ms)
    for series, window in found.items():
        if trials.kind(series) != "slow" or not span.is_warming_up(at):
            weigh(evidence, series, window, normal, span.part(at, RESTARTS))
    return found


def new_cell() -> dict[str, Any]:
    return {"trials": {}, "seconds": {}, "probe_ms": 0.0, "answers": 0, "mark": ""}


def fill_cell(cell: dict[str, Any], found: trials.Trials, deltas: readings.Reading, probe_ms: float | None) -> None:
    """A cell is a 48th of the watch: what the curves on its page are drawn from."""
    for series, window in found.items():
        counted = cell["trials"].setdefault(series, [0, 0])
        counted[0] += window.trials
        counted[1] += window.events
    for endpoint, seconds in deltas.get("seconds", {}).items():
        cell["seconds"][endpoint] = round(cell["seconds"].get(endpoint, 0) + seconds, 4)
    if probe_ms is not None:
        cell["probe_ms"] += probe_ms
        cell["answers"] += 1


def weigh(evidence: Evidence, series: str, window: Window, normal: dict[str, Any], part: int) -> None:
    """Bet once more against "nothing is wrong" in one series, for both tiers."""
    state = evidence["series"].setdefault(series, {"trials": 0, "events": 0, "restarts": 0})
    state["trials"] += window.trials
    state["events"] += window.events
    for tier in TIERS:
        bets = tuple(state.get(tier, NO_EVIDENCE))
        for _ in range(part + 1 - state["restarts"]):
            bets = eprocess.restart(bets)
        reference = baseline.reference_for(normal, series, tier)
        state[tier] = list(eprocess.observe(bets, window, reference))
    state["restarts"] = part + 1


def alarm(evidence: Evidence, series: str) -> str:
    """The highest tier ("act", "warn") at which this series is out of the ordinary now, or ""."""
    state, count = evidence["series"][series], len(evidence["series"])
    for tier in ("act", "warn"):
        if eprocess.alarm(tuple(state[tier]), TIERS[tier].alpha, metrics=count):
            return tier
    return ""


def mark(evidence: Evidence, *, at: datetime, span: Span, tier: str) -> None:
    """Colour the present cell of the clock: warn or act; the worse one stays."""
    cell = evidence["cells"].setdefault(str(span.part(at, CELLS)), new_cell())
    if cell["mark"] != "act":
        cell["mark"] = tier


def requests(evidence: Evidence) -> int:
    return int(evidence["series"].get(trials.ALL, {}).get("trials", 0))
