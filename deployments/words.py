"""What the watch says, in the words of the active language: findings, and what it could have noticed at all."""

import math
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from deployments import baseline, evidence, trials
from deployments.eprocess import RATIOS, RESTARTS, WARN
from deployments.models import Finding, Watch
from lifecycle import dates


def version(watch: Watch) -> str:
    """The release that is watched; a candidate that belongs to none has a label."""
    return watch.release.version if watch.release else watch.deployment.candidate.label


def subject(finding: Finding) -> str:
    """What is wrong with: "Checkout" for the counter shop_checkouts, an endpoint by its own name, or all requests."""
    if finding.numbers.get("of") == "attempts":
        return attempt(finding.endpoint)
    return _("The page “%(endpoint)s”") % {"endpoint": finding.endpoint} if finding.endpoint else _("The application")


def attempt(name: str) -> str:
    """ "shop_checkouts" is "Checkout": the last word, one of them."""
    return name.rpartition("_")[2].removesuffix("s").capitalize()


def sentence(finding: Finding) -> str:
    """The finding with its numbers, e.g. "Checkout fails 9 times as often as before: 14 of 31 since 10:42"."""
    tell = {
        Finding.Kind.ERRORS: failing,
        Finding.Kind.SLOW: slow,
        Finding.Kind.DOWN: silent,
        Finding.Kind.BOTTLENECK: costly,
    }
    return tell[Finding.Kind(finding.kind)](finding)


def failing(finding: Finding) -> str:
    numbers = finding.numbers
    facts = {
        "what": subject(finding),
        "events": numbers["events"],
        "trials": numbers["trials"],
        "since": dates.clock(finding.watch.opened_at),
        "times": times(numbers),
        "before": numbers["trials_before"],
    }
    if facts["times"]:
        return _("%(what)s fails %(times)s times as often as before: %(events)s of %(trials)s since %(since)s") % facts
    if facts["before"]:
        return _("%(what)s fails: %(events)s of %(trials)s since %(since)s, none of %(before)s before") % facts
    return _("%(what)s fails: %(events)s of %(trials)s since %(since)s") % facts


def times(numbers: dict[str, Any]) -> str:
    """How many times the share of failures has grown, as a text; "" where nothing failed or was seen before."""
    if not numbers["events_before"] or not numbers["trials"]:
        return ""
    before = numbers["events_before"] / numbers["trials_before"]
    return f"{numbers['events'] / numbers['trials'] / before:.2g}"


def slow(finding: Finding) -> str:
    numbers = finding.numbers
    facts = {"what": subject(finding), "now": ms(numbers["p95_ms"]), "before": ms(numbers["p95_ms_before"])}
    if numbers["p95_ms_before"] is None:
        return _("%(what)s is slow: %(now)s for the slowest 5 of 100 requests") % facts
    return _("%(what)s is slow: %(now)s for the slowest 5 of 100 requests, %(before)s before") % facts


def silent(finding: Finding) -> str:
    numbers = finding.numbers
    facts = {
        "events": numbers["events"],
        "trials": numbers["trials"],
        "since": dates.clock(finding.watch.opened_at),
    }
    return _("Production does not answer: %(events)s of %(trials)s probes failed since %(since)s") % facts


def costly(finding: Finding) -> str:
    numbers = finding.numbers
    facts = {"what": subject(finding), "now": ms(numbers["mean_ms"]), "before": ms(numbers["mean_ms_before"])}
    return _("%(what)s takes %(now)s on average, %(before)s before") % facts


def ms(value: float | None) -> str:
    """Milliseconds below ten seconds, else seconds; a dash where nothing was measured."""
    if value is None:
        return "–"
    if value >= 10_000:
        return _("%(n)s s") % {"n": round(value / 1000)}
    return _("%(n)s ms") % {"n": f"{value:,.0f}".replace(",", " ") if value >= 10 else formats.number_format(value, 1)}


def percent(events: float, count: float) -> str:
    """ "0.3 %"; a dash without trials."""
    if not count:
        return "–"
    share = 100 * events / count
    return _("%(n)s %%") % {"n": f"{share:.2g}" if 0 < share < 10 else f"{share:.0f}"}


def power(watch: Watch) -> str:
    """What this watch can notice with the requests it has and may expect, so that silence is not taken for health.

    n trials at r times the normal rate p0 are found when n · KL(r p0 ‖ p0) outgrows the stakes still to be won:
    ln(series · restarts · alternatives / alpha), the expected growth of the e-process (Wald, 1945).
    """
    count = expected_requests(watch)
    series = max(1, len((watch.evidence or {}).get("series", {})))
    p0 = baseline.reference_for(watch.baseline, trials.ALL, "warn").rate
    needed = math.log(series * RESTARTS * len(RATIOS) / WARN.alpha)
    for ratio in (2, 3, 5, 10, 30):
        if ratio * p0 < 0.95 and count * divergence(ratio * p0, p0) >= needed:
            text = _("With about %(n)s requests it notices when %(share)s or more of them fail; less stays invisible.")
            return text % {"n": count, "share": percent(ratio * p0, 1)}
    return _("With about %(n)s requests it notices only an outage: there is too little traffic to tell more.") % {
        "n": count
    }


def divergence(p: float, q: float) -> float:
    """The Kullback-Leibler divergence of Bernoulli(p) from Bernoulli(q)."""
    return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))


def expected_requests(watch: Watch) -> int:
    """How many requests the whole watch will have seen: at its own pace, or at the baseline's while it is young."""
    span = evidence.Span(watch.opened_at, watch.closes_at)
    seen = evidence.requests(watch.evidence) if watch.evidence else 0
    cells = len((watch.evidence or {}).get("cells", {}))
    if cells >= 4 or watch.status != Watch.Status.OPEN:
        return round(seen * (evidence.CELLS / cells if cells and watch.status == Watch.Status.OPEN else 1))
    elapsed = watch.baseline.get("elapsed", 0)
    pace = sum(watch.baseline.get("requests", {}).values()) / elapsed if elapsed else 0
    return max(seen, round(pace * span.seconds))
