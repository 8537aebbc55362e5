"""The cards of a watch: one number each, beside the number before, and the curve over the watch."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from deployments import baseline, findings, trials, words
from deployments.evidence import CELLS, nothing
from deployments.models import Finding, Watch

ENDPOINTS = 6


@dataclass(frozen=True)
class Measure:
    """`state`: "" in order, warn or bad. `limit` is drawn as a dashed line in the curve's unit."""

    name: str
    now: str
    before: str
    note: str = ""
    state: str = ""
    curve: list[float] = field(default_factory=list)
    limit: float | None = None


@dataclass(frozen=True)
class Cost:
    """An endpoint's calls and mean time, before and now, by the seconds per hour that it adds."""

    endpoint: str
    calls: int
    before: str
    now: str
    added: float | None
    added_words: str


def measures(watch: Watch) -> list[Measure]:
    """Errors, what people could not finish, the slowest page, traffic and the probe."""
    seen = watch.evidence or nothing()
    return [
        share(watch, seen, trials.ALL, _("Failed requests"), worst(watch, Finding.Kind.ERRORS, "")),
        *attempts(watch, seen),
        *slowest(watch, seen),
        traffic(watch, seen),
        probe(watch, seen),
    ]


def worst(watch: Watch, kind: str, endpoint: str) -> str:
    """The state of a card by the findings about it; all requests together have everybody's errors."""
    tiers = [
        finding.tier
        for finding in watch.findings.all()
        if finding.kind == kind and (not endpoint or finding.endpoint == endpoint)
    ]
    return "bad" if Finding.Tier.ACT in tiers else "warn" if tiers else ""


def share(watch: Watch, seen: dict[str, Any], series: str, name: str, state: str) -> Measure:
    """Events of all trials, in percent."""
    now = seen["series"].get(series, {"trials": 0, "events": 0})
    known = watch.baseline.get("normal", {}).get(series, {"trials": 0, "events": 0})
    rate = baseline.reference_for(watch.baseline, series, "act").rate
    return Measure(
        name=name,
        now=words.percent(now["events"], now["trials"]),
        before=words.percent(known["events"], known["trials"]),
        note=_("%(events)s of %(trials)s") % {"events": now["events"], "trials": now["trials"]},
        state=state,
        curve=[100 * events / count for count, events in counted(seen, series) if count],
        limit=100 * rate,
    )


def attempts(watch: Watch, seen: dict[str, Any]) -> list[Measure]:
    found = [series for series in seen["series"] if trials.kind(series) == "attempts"]
    return [
        share(
            watch,
            seen,
            series,
            _("%(what)s not finished") % {"what": words.attempt(trials.subject(series))},
            worst(watch, Finding.Kind.ERRORS, trials.subject(series)),
        )
        for series in sorted(found)[:2]
    ]


def slowest(watch: Watch, seen: dict[str, Any]) -> list[Measure]:
    """The 95th percentile of the page that a finding names, else of the one that costs most time."""
    named = [finding.endpoint for finding in watch.findings.all() if finding.kind == Finding.Kind.SLOW]
    timed = seen["totals"]["seconds"]
    endpoint = named[0] if named else max(timed, key=lambda one: timed[one], default=None)
    if endpoint is None:
        return []
    now, before = findings.p95_ms(seen["totals"], endpoint), findings.p95_ms(watch.baseline, endpoint)
    return [
        Measure(
            name=_("“%(endpoint)s” p95") % {"endpoint": endpoint},
            now=words.ms(now),
            before=words.ms(before),
            state=worst(watch, Finding.Kind.SLOW, endpoint),
            curve=mean_ms(seen, endpoint),
        )
    ]


def traffic(watch: Watch, seen: dict[str, Any]) -> Measure:
    """Requests, and what the same time brought before."""
    elapsed, expected = watch.baseline.get("elapsed", 0), "–"
    if elapsed:
        cells = len(seen["cells"]) / CELLS * (watch.closes_at - watch.opened_at).total_seconds()
        expected = f"{sum(watch.baseline['requests'].values()) / elapsed * cells:.0f}"
    total = sum(count for count, _events in counted(seen, trials.ALL))
    curve = [float(count) for count, _events in counted(seen, trials.ALL)]
    return Measure(name=_("Requests"), now=str(total), before=expected, curve=curve)


def probe(watch: Watch, seen: dict[str, Any]) -> Measure:
    answered = [cell["probe_ms"] / cell["answers"] for cell in cells(seen) if cell["answers"]]
    mean = sum(answered) / len(answered) if answered else None
    failed = {"failed": seen["bad_probes"], "all": seen["probes"]}
    return Measure(
        name=_("Answer of the probe"),
        now=words.ms(mean),
        before=words.ms(watch.baseline.get("probe_ms")),
        note=_("%(failed)s of %(all)s failed") % failed,
        state=worst(watch, Finding.Kind.DOWN, ""),
        curve=answered,
    )


def cells(seen: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells that have been reached, in order."""
    return [seen["cells"][str(n)] for n in range(CELLS) if str(n) in seen["cells"]]


def counted(seen: dict[str, Any], series: str) -> list[tuple[int, int]]:
    """(trials, events) of each cell."""
    return [tuple(cell["trials"].get(series, (0, 0))) for cell in cells(seen)]


def mean_ms(seen: dict[str, Any], endpoint: str) -> list[float]:
    pairs = [(cell["seconds"].get(endpoint, 0), calls(cell, endpoint)) for cell in cells(seen)]
    return [1000 * seconds / count for seconds, count in pairs if count]


def calls(cell: dict[str, Any], endpoint: str) -> int:
    return int(cell["trials"].get(f"errors:{endpoint}", (0, 0))[0])


def costs(watch: Watch) -> list[Cost]:
    """Where time goes, what is added first: calls times mean, after minus before, per hour."""
    seen = watch.evidence or nothing()
    passed = len(seen["cells"]) / CELLS * (watch.closes_at - watch.opened_at).total_seconds() or 1
    found = [cost(watch, seen, endpoint, passed) for endpoint in seen["totals"]["requests"] if endpoint]
    return sorted(found, key=lambda one: -(one.added or 0))[:ENDPOINTS]


def cost(watch: Watch, seen: dict[str, Any], endpoint: str, passed: float) -> Cost:
    """Added seconds are only stated with TELLING_CALLS on both sides: below, chance decides."""
    count = baseline.calls(seen["totals"], endpoint)
    now = baseline.mean_seconds(seen["totals"], endpoint)
    before = baseline.mean_seconds(watch.baseline, endpoint)
    enough = min(count, baseline.calls(watch.baseline, endpoint)) >= baseline.TELLING_CALLS
    added = (now - before) * count * 3600 / passed if enough and now is not None and before is not None else None
    return Cost(
        endpoint=endpoint,
        calls=round(count),
        before=words.ms(None if before is None else before * 1000),
        now=words.ms(None if now is None else now * 1000),
        added=added,
        added_words=added_words(added),
    )


def added_words(added: float | None) -> str:
    """ "+1411 s per hour"; less than half a second is nothing."""
    if added is None:
        return _("too few calls to tell")
    if abs(added) < 0.5:
        return pgettext("time added", "nothing")
    return _("%(n)s s per hour") % {"n": f"{added:+.0f}".replace("-", "−")}
