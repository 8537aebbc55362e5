"""A production shop to watch: what it says about itself is set by the test, and told over real HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.utils import timezone

from deployments import findings, readings, watch
from deployments.models import Deployment, Sample, Watch
from environments.models import Environment, Repository
from lifecycle.models import Product
from releases.models import Candidate, Release
from tests.cast import Cast

LIMITS = ("0.1", "0.5", "1.0", "2.5", "+Inf")
MANIFEST = '[start]\ncommand = ["true"]\n[health]\npath = "/health"\n[metrics]\npath = "/metrics"\n'


class Shop:
    """Counters by endpoint as a real process has them; `health` is the status of its probe."""

    def __init__(self) -> None:
        self.health, self.url = 200, ""
        self.restart()

    def restart(self) -> None:
        self.requests: dict[tuple[str, int], int] = {}
        self.times: dict[str, list[float]] = {}
        self.started = self.failed = 0

    def visit(self, endpoint: str, *, times: int = 1, status: int = 200, seconds: float = 0.05) -> None:
        self.requests[endpoint, status] = self.requests.get((endpoint, status), 0) + times
        self.times.setdefault(endpoint, []).extend([seconds] * times)

    def order(self, *, times: int = 1, failed: bool = False, seconds: float = 0.05) -> None:
        self.visit("checkout", times=times, status=500 if failed else 302, seconds=seconds)
        self.started += times
        self.failed += times * failed

    def metrics(self) -> str:
        lines = [f"shop_checkouts_started_total {self.started}", f"shop_checkouts_failed_total {self.failed}"]
        for (endpoint, status), count in self.requests.items():
            lines.append(f'http_requests_total{{endpoint="{endpoint}",method="GET",status="{status}"}} {count}')
        for endpoint, times in self.times.items():
            for limit in LIMITS:
                count = sum(seconds <= float(limit) for seconds in times)
                lines.append(f'http_request_seconds_bucket{{endpoint="{endpoint}",le="{limit}"}} {count}')
            lines.append(f'http_request_seconds_sum{{endpoint="{endpoint}"}} {sum(times)}')
        return "\n".join(lines) + "\n"


@contextmanager
def serving(shop: Shop) -> Iterator[Shop]:
    """Serve the shop on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = shop.metrics().encode() if self.path == "/metrics" else b"{}"
            self.send_response(200 if self.path == "/metrics" else shop.health)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    shop.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()


def environment(product: Product, kind: str = Environment.Kind.PRODUCTION, url: str = "") -> Environment:
    position = list(Environment.Kind).index(kind)
    name = str(Environment.Kind(kind).label)
    return Environment.objects.create(
        product=product, slug=kind, name=name, kind=kind, position=position, driver="fake", url=url, state="ok"
    )


def repository(product: Product) -> Repository:
    return Repository.objects.get_or_create(product=product, defaults={"upstream": "x", "mirror": "x"})[0]


def candidate(product: Product, label: str, **fields: Any) -> Candidate:
    facts = {
        "repository": repository(product),
        "purpose": Candidate.Purpose.RELEASE,
        "status": Candidate.Status.READY,
        "sha": f"{abs(hash(label)):040x}"[:40],
        "tree": "b" * 40,
        "digest": f"{abs(hash(label)):064x}"[:64],
        "manifest": MANIFEST,
        "created_at": timezone.now(),
    }
    return Candidate.objects.create(product=product, label=label, **{**facts, **fields})


def release(cast: Cast, version: str, status: str = Release.Status.LIVE) -> Release:
    now = timezone.now()
    made = Release.objects.create(
        product=cast.product,
        version=version,
        status=status,
        target_date=now.date(),
        author=cast.petra,
        created_at=now,
    )
    made.candidate = candidate(cast.product, version, release=made)
    made.save(update_fields=["candidate"])
    return made


def deployment(place: Environment, made: Release | Candidate, **fields: Any) -> Deployment:
    """A deployment that has succeeded."""
    runs = made if isinstance(made, Candidate) else made.candidate
    now = fields.pop("at", None) or timezone.now()
    facts = {
        "status": Deployment.Status.SUCCEEDED,
        "release": made if isinstance(made, Release) else None,
        "due_at": now,
        "requested_at": now,
        "started_at": now,
        "finished_at": now,
        "verified_at": now,
    }
    return Deployment.objects.create(
        product=place.product,
        environment=place,
        candidate=runs,
        digest=runs.digest,
        **{**facts, **fields},
    )


class Days:
    """Simulated time for one production: samples written as sampling would, every `seconds`."""

    def __init__(self, place: Environment, *, start: datetime, seconds: int = 30) -> None:
        self.place, self.now, self.seconds = place, start, seconds

    def pass_by(self, minutes: float, **deltas: Any) -> None:
        """`deltas`: what the counters grew by between two samples, in the shape of readings.empty()."""
        for _ in range(int(minutes * 60 / self.seconds)):
            self.now += timedelta(seconds=self.seconds)
            self.sample(**deltas)

    def sample(self, *, ok: bool = True, error: str = "", **deltas: Any) -> None:
        taken = Sample.objects.create(
            environment=self.place,
            at=self.now,
            ok=ok,
            error=error,
            probe_ms=4.0 if ok else None,
            counters={"requests": {}} if ok and not error else {},
            deltas={**readings.empty(), **deltas} if ok and not error else {},
        )
        watched = watch.open_watch(self.place)
        if watched:
            taken.watch = watched
            taken.save(update_fields=["watch"])
            findings.weigh(watched, taken)


def the_watch() -> Watch:
    return Watch.objects.select_related("release", "product", "deployment").get()
