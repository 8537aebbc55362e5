"""The `pipeline` driver: somebody else's pipeline deploys; it is started once per key, then polled or heard of.

The key names the deployment over all attempts: a worker that takes over finds the run of the one that died. What the
pipeline calls back with (see deployments/pipelines.py) counts like an answer to a poll.
"""

import contextlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from deployments.drivers import egress
from deployments.drivers import settings as checks
from deployments.drivers.base import Driver, DriverError, Log, Release, Stop, Stopped, asked
from deployments.drivers.pipeline.github import GitHub
from deployments.drivers.pipeline.gitlab import GitLab
from deployments.drivers.pipeline.runs import Run, Service, Silent, Status
from deployments.drivers.pipeline.templated import Templated
from deployments.drivers.settings import Check
from environments.manifest import Manifest

SERVICES: dict[str, type[Service]] = {service.name: service for service in (GitHub, GitLab, Templated)}
APPEAR_SECONDS, CANCEL_SECONDS = 60.0, 60.0
_LOOK_SECONDS, _POLL_SECONDS, _TOTAL_SECONDS, _SILENT_SECONDS = 0.5, 5.0, 3600.0, 300.0
_OWN: dict[str, Check] = {
    "kind": checks.one_of(*SERVICES),
    "poll_seconds": checks.seconds,
    "timeout_seconds": checks.seconds,
    "health": checks.address,
    "probe": checks.address,
}


class PipelineDriver(Driver):
    name = "pipeline"
    label = _("Pipeline of a CI service")
    settings = _OWN
    required = ("kind",)

    @classmethod
    def complaints(cls, settings: Any) -> Iterator[str]:
        kind = settings.get("kind") if isinstance(settings, dict) else None
        service = SERVICES.get(kind) if isinstance(kind, str) else None
        keys, required = (service.settings, service.required) if service else ({}, ())
        return checks.complaints(settings, _OWN | dict(keys), (*cls.required, *required))

    @classmethod
    def verifies(cls, settings: Mapping[str, Any], manifest: Manifest) -> bool:
        """The product's own [probe] is on machines that only the pipeline reaches."""
        return bool(settings.get("probe"))

    @cached_property
    def service(self) -> Service:
        """DriverError for settings that are wrong."""
        if found := list(self.complaints(self.target.settings)):
            raise DriverError("; ".join(found))
        token = self.target.credentials.get("PIPELINE_TOKEN", "")
        return SERVICES[self.target.settings["kind"]](self.target.settings, token)

    def probe(self) -> str | None:
        """What the product answers at the `probe` address."""
        if not self.can_verify:
            return None
        found = self.target.manifest.probe
        return egress.request("GET", self.target.settings["probe"]).field(found.field if found else "release")

    def switch(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        if not self.target.key:
            raise DriverError("a pipeline can only be started for a deployment")
        key, run = self._started(release, fence, log, stop)
        ended = self._followed(key, run, log, stop)
        if ended.status != "succeeded":
            raise DriverError(f"the pipeline ended as {ended.name or ended.status}: {ended.url or ended.id}")

    def health(self, release: Release, *, deadline_seconds: float, log: Log, stop: Stop) -> bool:
        deadline = time.monotonic() + deadline_seconds
        while trouble := self._trouble(release):
            if asked(stop):
                raise Stopped("stopped while waiting for health")
            if time.monotonic() > deadline:
                log("system", f"{release.label} is not healthy: {trouble}\n")
                return False
            time.sleep(_LOOK_SECONDS)
        if not self.can_verify:
            log("system", "Nothing tells which release runs: it cannot be verified\n")
        return True

    def _trouble(self, release: Release) -> str:
        if address := self.target.settings.get("health"):
            answer = egress.request("GET", address)
            if not answer.ok:
                return f"GET {address} → {answer.status or answer.text}"
        running = self.probe() if self.can_verify else release.label
        return "" if running == release.label else f"{running or 'nothing known'} answers"

    def _started(self, release: Release, fence: int, log: Log, stop: Stop) -> tuple[str, Run]:
        """The run under this deployment's key: found, or started. Never a second one under the same."""
        key, run = self._newest(log)
        if run:
            log("system", f"The pipeline of {key} was started before: {run.url or run.id}\n")
            return key, run
        try:
            run = self.service.start(self._facts(key, release, fence))
        except Silent as error:
            log("system", f"{error}; looking whether it was started all the same\n")
        run = run or self._appearing(key, stop)
        log("system", f"Started the pipeline {run.url or run.id}\n")
        return key, run

    def _newest(self, log: Log) -> tuple[str, Run | None]:
        """The key of the newest try, and its run; no run where one is to be started under it.

        A failed one is the last word unless another was started after it, or is to be (`again`).
        """
        key, run = self.target.key, self._found(self.target.key, log)
        for number in itertools.count(2):
            if run is None or run.status != "failed":
                break
            following = f"{self.target.key}-{number}"
            later = self._found(following, log)
            if later is None and not self.target.again:
                break
            key, run = following, later
        return key, run

    def _found(self, key: str, log: Log) -> Run | None:
        run = self.service.find(key)
        return self._reported(key, run, log) if run and run.status == "running" else run

    def _facts(self, key: str, release: Release, fence: int) -> Mapping[str, str]:
        return {
            "key": key,
            "release": release.label,
            "digest": release.digest,
            "commit": json.loads((release.path / ".lifecycle-artefact.json").read_text())["commit"],
            "environment": self.target.environment,
            "fence": str(fence),
        }

    def _appearing(self, key: str, stop: Stop) -> Run:
        """The run that was asked for, once it shows; looked for also by who is to stop it, for it must be cancelled."""
        deadline = time.monotonic() + APPEAR_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(Silent):
                if run := self.service.find(key):
                    return run
            time.sleep(_LOOK_SECONDS)
        if asked(stop):
            raise Stopped(f"stopped; no pipeline shows the key {key}")
        raise DriverError(f"no pipeline shows the key {key}", retry=True)

    def _followed(self, key: str, run: Run, log: Log, stop: Stop) -> Run:
        """Wait for the end; what the pipeline calls back with and what it answers count alike."""
        pause = float(self.target.settings.get("poll_seconds", _POLL_SECONDS))
        deadline = time.monotonic() + float(self.target.settings.get("timeout_seconds", _TOTAL_SECONDS))
        heard = looked = time.monotonic()
        while run.status == "running":
            if asked(stop) or time.monotonic() > deadline:
                self._end(run, log)
                raise Stopped("the pipeline was stopped") if asked(stop) else DriverError("the pipeline took too long")
            time.sleep(_LOOK_SECONDS)
            run = self._reported(key, run, log)
            if run.status == "running" and time.monotonic() - looked > pause:
                looked = time.monotonic()
                try:
                    run, heard = self.service.look(run), looked
                except Silent as error:
                    if looked - heard > _SILENT_SECONDS:
                        raise
                    log("system", f"{error}; asking again\n")
        return run

    def _reported(self, key: str, run: Run, log: Log) -> Run:
        report = self.target.report(key)
        if report is None or report.status == "running":
            return run
        log("system", f"The pipeline called back: {report.status} {report.text}\n")
        status: Status = "succeeded" if report.status == "succeeded" else "failed"
        return Run(run.id, status, report.url or run.url, report.status)

    def _end(self, run: Run, log: Log) -> None:
        """Cancel the run and see it end; one that does not is said, and fenced out by the number it was given."""
        deadline = time.monotonic() + CANCEL_SECONDS
        try:
            self.service.cancel(run)
            while (run := self.service.look(run)).status == "running" and time.monotonic() < deadline:
                time.sleep(_LOOK_SECONDS)
        except DriverError as error:
            log("system", f"The pipeline could not be cancelled: {error}\n")
        ended = "It has ended" if run.status != "running" else "IT STILL RUNS"
        log("system", f"{ended}: {run.url or run.id}\n")
