"""Naming what is wrong: weighing each sample, keeping findings, and telling the people who can act."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import translation

from deployments import baseline, eprocess, evidence, histograms, shifts, trials, words
from deployments.models import Finding, Sample, Watch
from lifecycle import notifications
from lifecycle.models import Role, User

QUARTER_HOUR = timedelta(minutes=15)
SLOWER_TIMES, SLOWER_SECONDS = 1.5, 0.05
KINDS = {"errors": Finding.Kind.ERRORS, "attempts": Finding.Kind.ERRORS, "slow": Finding.Kind.SLOW}


@dataclass(frozen=True)
class Noticed:
    """Something out of the ordinary at this moment, before it is written down."""

    kind: str
    tier: str
    endpoint: str
    numbers: dict[str, Any]


@transaction.atomic
def weigh(watch: Watch, sample: Sample) -> list[Finding]:
    """Fold a sample into the watch's evidence and write down what it shows; returns the findings that are new or worse.

    The caller holds the environment's sampling lock, so nobody else folds at the same time.
    """
    seen = watch.evidence or evidence.nothing()
    span = evidence.Span(watch.opened_at, watch.closes_at)
    evidence.fold(
        seen,
        at=sample.at,
        ok=sample.ok,
        probe_ms=sample.probe_ms,
        error=sample.error,
        deltas=sample.deltas,
        has_counters=bool(sample.counters),
        normal=watch.baseline,
        span=span,
    )
    noticed = without_sums(list(notice(watch, seen, sample)))
    for found in noticed:
        evidence.mark(seen, at=sample.at, span=span, tier=found.tier)
    watch.evidence = seen
    Watch.objects.filter(pk=watch.pk).update(evidence=seen, next_sample_at=watch.next_sample_at)
    return [finding for found in noticed if (finding := keep(watch, found, at=sample.at))]


def notice(watch: Watch, seen: evidence.Evidence, sample: Sample) -> Iterator[Noticed]:
    """Everything out of the ordinary now: series with an alarm, the hard gates, bottlenecks."""
    for series in seen["series"]:
        tier = evidence.alarm(seen, series)
        if tier and trials.kind(series) in KINDS:
            yield Noticed(KINDS[trials.kind(series)], tier, trials.subject(series), numbers(watch, seen, series))
        elif tier:
            yield down(seen, tier)
    if eprocess.probes_failed([False] * seen["bad_run"]):
        yield down(seen, Finding.Tier.ACT)
    if sample.deltas.get("errors") and eprocess.errors_burst(last_quarter_hour(sample)):
        yield Noticed(Finding.Kind.ERRORS, Finding.Tier.ACT, "", numbers(watch, seen, trials.ALL))
    yield from bottlenecks(watch, seen)


def without_sums(noticed: list[Noticed]) -> list[Noticed]:
    """All requests together say nothing new where one endpoint is named; of two tiers the higher one counts."""
    best: dict[tuple[str, str], Noticed] = {}
    for found in sorted(noticed, key=lambda one: one.tier == Finding.Tier.ACT):
        best[found.kind, found.endpoint] = found
    named = {found.kind for found in best.values() if found.endpoint}
    slow = {found.endpoint for found in best.values() if found.kind == Finding.Kind.SLOW}
    return [
        found
        for found in best.values()
        if (found.endpoint or found.kind not in named)
        and not (found.kind == Finding.Kind.BOTTLENECK and found.endpoint in slow)
    ]


def down(seen: evidence.Evidence, tier: str) -> Noticed:
    counted = {"trials": seen["probes"], "events": seen["bad_probes"], "in_a_row": seen["bad_run"]}
    return Noticed(Finding.Kind.DOWN, tier, "", counted)


def numbers(watch: Watch, seen: evidence.Evidence, series: str) -> dict[str, Any]:
    """Counts now and before; for slowness also the 95th percentiles in ms."""
    state, known = seen["series"][series], watch.baseline.get("normal", {}).get(series, {})
    found = {
        "of": trials.kind(series),
        "trials": state["trials"],
        "events": state["events"],
        "trials_before": known.get("trials", 0),
        "events_before": known.get("events", 0),
    }
    if trials.kind(series) == "slow":
        endpoint = trials.subject(series)
        found |= {"p95_ms": p95_ms(seen["totals"], endpoint), "p95_ms_before": p95_ms(watch.baseline, endpoint)}
    return found


def p95_ms(counts: dict[str, Any], endpoint: str) -> float | None:
    seconds = histograms.quantile(counts.get("buckets", {}).get(endpoint, {}), 0.95)
    return None if seconds is None else round(seconds * 1000, 1)


def last_quarter_hour(sample: Sample) -> list[eprocess.Window]:
    rows = Sample.objects.filter(environment=sample.environment_id, watch=sample.watch_id)
    rows = rows.filter(at__gt=sample.at - QUARTER_HOUR, at__lte=sample.at)
    return [trials.errors(deltas)[trials.ALL] for deltas in rows.values_list("deltas", flat=True) if deltas]


def bottlenecks(watch: Watch, seen: evidence.Evidence) -> Iterator[Noticed]:
    """Endpoints that cost clearly more time than before, with enough calls on both sides to say so."""
    for endpoint in seen["totals"]["requests"]:
        counts = baseline.calls(seen["totals"], endpoint), baseline.calls(watch.baseline, endpoint)
        now = baseline.mean_seconds(seen["totals"], endpoint)
        before = baseline.mean_seconds(watch.baseline, endpoint)
        if min(counts) < baseline.TELLING_CALLS or not now or not before:
            continue
        if now > SLOWER_TIMES * before and now - before > SLOWER_SECONDS:
            added = {"mean_ms": round(now * 1000, 1), "mean_ms_before": round(before * 1000, 1), "trials": counts[0]}
            yield Noticed(Finding.Kind.BOTTLENECK, Finding.Tier.WARN, endpoint, added)


def keep(watch: Watch, noticed: Noticed, *, at: datetime) -> Finding | None:
    """Write it down or bring it up to date; the finding if it is new or has become worse, which is told."""
    finding, created = Finding.objects.get_or_create(
        watch=watch,
        kind=noticed.kind,
        endpoint=noticed.endpoint[:120],
        defaults={"tier": noticed.tier, "numbers": noticed.numbers, "first_at": at, "last_at": at},
    )
    worse = finding.tier == Finding.Tier.WARN and noticed.tier == Finding.Tier.ACT
    if not created:
        finding.tier = Finding.Tier.ACT if worse else finding.tier
        finding.numbers, finding.last_at = noticed.numbers, at
        finding.save(update_fields=["tier", "numbers", "last_at"])
    if not (created or worse):
        return None
    tell(finding)
    return finding


def tell(finding: Finding) -> None:
    """Everybody who can act hears of it in their own language, once for each tier."""
    watch = finding.watch
    for person in people(watch, at=finding.last_at):
        with translation.override(person.language):
            notifications.tell(
                [person],
                "watch.finding",
                url=reverse("deployments:watch", args=[watch.pk]),
                key=f"watch:{watch.pk}:{finding.kind}:{finding.endpoint}:{finding.tier}",
                product=watch.product,
                version=words.version(watch),
                finding=words.sentence(finding),
            )


def people(watch: Watch, *, at: datetime | None = None) -> list[User]:
    """Whoever is on duty first; then DevOps, the team leads and the release's author."""
    shift = shifts.on_duty(watch.product, at=at)
    roles = [Role.DEVOPS, Role.TEAM_LEAD]
    members = User.objects.filter(
        is_active=True, memberships__product=watch.product, memberships__roles__overlap=roles
    ).distinct()
    author = [watch.release.author] if watch.release else []
    return list({person.pk: person for person in [*([shift.user] if shift else []), *members, *author]}.values())
