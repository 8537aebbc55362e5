"""The `command` driver: any command that deploys from the artefact folder (ansible, kubectl, compose …).

What to run comes from the environment's settings, else from lifecycle.toml: `deploy` ([deploy] command), `probe`
([probe] command, prints the running release), `health` (a command that ends with 0). Settings are argument lists.
"""

import time

from django.utils.translation import gettext_lazy as _

from deployments import keeper_state

from . import http
from .base import Driver, DriverError, Log, Release, Stop, Stopped, asked
from .probing import run_for, running_release
from .settings import argv, port

_POLL_SECONDS = 0.5
_DEPLOY_SECONDS = 900


class CommandDriver(Driver):
    name = "command"
    label = _("Command run by a worker")
    settings = {"port": port, "deploy": argv, "health": argv, "probe": argv}

    def hold(self, fence: int) -> None:
        """Between the workers of this machine; the command gets FENCE and can ask the target itself."""
        keeper_state.hold(self.target.folder, fence)

    def probe(self) -> str | None:
        return running_release(self.target)

    def switch(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        deploy = self.target.manifest.deploy
        argv = self.target.settings.get("deploy") or (deploy.command if deploy else ())
        if not argv:
            raise DriverError("neither the environment nor lifecycle.toml has a [deploy] command")
        self.hold(fence)
        seconds = deploy.timeout_seconds if deploy else _DEPLOY_SECONDS
        done = run_for(
            self.target,
            argv,
            release,
            log,
            stop,
            seconds,
            inactivity_seconds=deploy.inactivity_seconds if deploy else None,
            note=self.target.note,
            FENCE=str(fence),
            DIGEST=release.digest,
        )
        if done.reason == "stopped":
            raise Stopped("the deploy command was stopped")
        if done.reason != "exited":
            raise DriverError(f"the deploy command was ended after {done.seconds:.0f} s ({done.reason})", retry=True)
        if done.exit_code:
            raise DriverError(f"the deploy command ended with exit code {done.exit_code}")

    def health(self, release: Release, *, deadline_seconds: float, log: Log, stop: Stop) -> bool:
        deadline = time.monotonic() + deadline_seconds
        while not asked(stop):
            if self._is_healthy(release, log, stop, max(1.0, deadline - time.monotonic())):
                return True
            if time.monotonic() > deadline:
                log("system", f"{release.label} was not healthy within {deadline_seconds:.0f} s\n")
                return False
            time.sleep(_POLL_SECONDS)
        raise Stopped("stopped while waiting for health")

    def _is_healthy(self, release: Release, log: Log, stop: Stop, seconds: float) -> bool:
        """Every question that is configured is asked: the health command or path, then the running release."""
        manifest, argv = self.target.manifest, self.target.settings.get("health")
        if argv and not run_for(self.target, argv, release, log, stop, seconds).ok:
            return False
        if not argv and self.target.port and not http.get(self.target.port, manifest.health.path).ok:
            return False
        if self.can_verify:
            return self.probe() == release.label
        log("system", "Nothing tells which release runs: it cannot be verified\n")
        return True
