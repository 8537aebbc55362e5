"""The `process` driver: the keeper of this machine runs the release. The default of the embedded stack."""

import time

from django.utils.translation import gettext_lazy as _

from deployments import keeper_state
from deployments.keeper_state import Current, Status

from . import http
from .base import Driver, DriverError, Log, Release, Stop, Stopped, asked
from .probing import running_release
from .settings import port

_POLL_SECONDS = 0.01
_KEEPER_SILENT_SECONDS = 10
_CRASHES = 3


class ProcessDriver(Driver):
    name = "process"
    label = _("Process on this machine")
    settings = {"port": port}
    required = ("port",)

    def hold(self, fence: int) -> None:
        keeper_state.hold(self.target.folder, fence)

    def probe(self) -> str | None:
        return "" if self._certainly_nothing_runs() else running_release(self.target)

    def switch(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        argv = self.target.manifest.command("start", self.target.context(release))
        if not argv:
            raise DriverError("lifecycle.toml has no [start] command")
        environ = self.target.environ(release)
        wish = Current(release.label, fence, argv, str(release.path), environ, self.target.port)
        self.target.data.mkdir(parents=True, exist_ok=True)
        keeper_state.switch(self.target.folder, wish)
        log("system", f"The keeper shall run {release.label} (fence {fence})\n")

    def health(self, release: Release, *, deadline_seconds: float, log: Log, stop: Stop) -> bool:
        if not self._keeper_is_there():
            raise DriverError("the keeper is not running", retry=True)
        deadline = time.monotonic() + deadline_seconds
        trouble = "it has not been started"
        while time.monotonic() < deadline and not asked(stop):
            if (trouble := self._trouble(release)) == "":
                log("system", f"{release.label} answers on port {self.target.port}\n")
                return True
            if self._keeps_crashing(release):
                break
            time.sleep(_POLL_SECONDS)
        if asked(stop):
            raise Stopped("stopped while waiting for health")
        log("system", f"{release.label} is not healthy: {trouble}\n")
        return False

    def _trouble(self, release: Release) -> str:
        """Why `release` does not serve well (yet), or "". What ran before may still answer on the port."""
        status = self._status_of(release)
        if status is None:
            return "the keeper has not taken it up"
        if status.state != "running":
            return status.last_output or status.state
        answer = http.get(self.target.port, self.target.manifest.health.path)
        if not answer.ok:
            return f"GET {self.target.manifest.health.path} → {answer.status or answer.text}"
        running = running_release(self.target, health=answer)
        known = self.target.manifest.can_verify
        return f"{running or 'something unknown'} answers instead" if known and running != release.label else ""

    def _certainly_nothing_runs(self) -> bool:
        wish, status = keeper_state.read_current(self.target.folder), keeper_state.read_status(self.target.folder)
        if wish is None:
            return True
        down = status is not None and status.fence == wish.fence and status.state == "crashing"
        return down and self._keeper_is_there()

    def _keeper_is_there(self) -> bool:
        age = keeper_state.keeper_age_seconds(self.target.folder.parents[1])
        return age is not None and age < _KEEPER_SILENT_SECONDS

    def _keeps_crashing(self, release: Release) -> bool:
        status = self._status_of(release)
        return status is not None and status.state == "crashing" and status.restarts >= _CRASHES

    def _status_of(self, release: Release) -> Status | None:
        """The keeper's status if it is about the last switch and that was to `release`."""
        wish, status = keeper_state.read_current(self.target.folder), keeper_state.read_status(self.target.folder)
        if wish is None or status is None or wish.release != release.label:
            return None
        return status if (status.release, status.fence) == (wish.release, wish.fence) else None
