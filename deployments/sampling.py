"""Asking production how it is: a probe of its health, a scrape of its counters, one Sample row. Runs in workers only.

Samples are taken all the time, also between watches, because they are what the next watch compares with.
"""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import readings, running
from deployments.drivers.http import whole
from deployments.metrics import prometheus_text
from deployments.models import Sample
from environments.manifest import Manifest, ManifestError, parse
from environments.models import Environment

TIMEOUT_SECONDS = 2.0
ANSWER_BYTES = 2_000_000
SAMPLING_LOCK = 0x5A4D


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer other than 200: the environment itself must say that it is well."""

    def redirect_request(self, *_request: object) -> None:
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirects)


@dataclass(frozen=True)
class Answer:
    """What came back from one address: `error` says in words why it is not good."""

    text: str = ""
    ms: float = 0.0
    error: str = ""

    @property
    def ok(self) -> bool:
        return not self.error


def due(*, at: datetime) -> list[Environment]:
    """Production environments that have something to ask and were not asked for `sample_seconds`."""
    environments = Environment.objects.filter(kind=Environment.Kind.PRODUCTION).exclude(url="")
    return [environment for environment in environments.select_related("product") if is_due(environment, at=at)]


def is_due(environment: Environment, *, at: datetime) -> bool:
    latest = Sample.objects.filter(environment=environment).order_by("-at").values_list("at", flat=True).first()
    return latest is None or latest <= at - timedelta(seconds=environment.product.sample_seconds)


@contextmanager
def alone(environment: Environment) -> Iterator[bool]:
    """Whether this worker alone may sample the environment now (an advisory lock, gone with its connection)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SAMPLING_LOCK, environment.pk])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SAMPLING_LOCK, environment.pk])


def take(environment: Environment, *, at: datetime | None = None) -> Sample:
    """Probe and scrape once and keep the answer; silence is an answer, too, so the network never raises here."""
    manifest = manifest_of(environment)
    health = get(environment.url + manifest.health.path)
    scrape = get(environment.url + manifest.metrics.path) if manifest.metrics else None
    counters, error = read(scrape) if scrape else ({}, "")
    return Sample.objects.create(
        environment=environment,
        at=at or timezone.now(),
        ok=health.ok,
        error=(health.error or error)[:300],
        probe_ms=health.ms if health.ok else None,
        counters=counters,
        deltas=readings.since(previous_counters(environment), counters) if counters else {},
    )


def read(scrape: Answer) -> tuple[readings.Reading, str]:
    """The reading, or {} with what is wrong with the source."""
    if scrape.error:
        return {}, scrape.error
    try:
        return readings.reading(prometheus_text.parse(scrape.text)), ""
    except prometheus_text.MetricsError as error:
        return {}, _("The metrics cannot be read: %(error)s") % {"error": error}


def previous_counters(environment: Environment) -> readings.Reading:
    """The last reading that was had of this environment, however many failed since; {} if there is none."""
    rows = Sample.objects.filter(environment=environment).exclude(counters={})
    return rows.order_by("-at", "-id").values_list("counters", flat=True).first() or {}


def manifest_of(environment: Environment) -> Manifest:
    """Where what runs now wants to be asked; the defaults if nothing runs or its file is broken."""
    deployment = running.current(environment)
    try:
        return parse(deployment.candidate.manifest) if deployment else Manifest()
    except ManifestError:
        return Manifest()


def get(url: str) -> Answer:
    """GET with TIMEOUT_SECONDS for each wait; anything but 200 is an error in words."""
    started = time.monotonic()
    try:
        with OPENER.open(url, timeout=TIMEOUT_SECONDS) as response:
            text = whole(response, ANSWER_BYTES).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error=f"{error.code} {error.reason}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Answer(error=str(getattr(error, "reason", error)) or type(error).__name__)
    return Answer(text=text, ms=(time.monotonic() - started) * 1000)


def prune(environment: Environment, *, before: datetime, between: Callable[[], None]) -> int:
    """Delete the environment's samples of before `before`, a day at a time after `between()`; how many it were."""
    old, gone = Sample.objects.filter(environment=environment, at__lt=before), 0
    while oldest := old.order_by("at").values_list("at", flat=True).first():
        between()
        gone += old.filter(at__lt=oldest + timedelta(days=1)).delete()[0]
    return gone
