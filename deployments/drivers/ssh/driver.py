"""The `ssh` driver: one or several servers, each with `releases/<digest>` and a symlink `current`.

Releases are brought to every host before anything changes; then one host after another is switched, restarted and
waited for. At the first one that is not healthy nothing goes on, and the engine brings all of them back.
"""

import time
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from deployments.drivers import settings as checks
from deployments.drivers.base import DriverError, Log, Release, Stop, Stopped, asked
from deployments.drivers.http import Answer
from deployments.drivers.ssh import hosts
from deployments.drivers.ssh.connecting import Unreachable
from deployments.drivers.ssh.hosts import Host
from deployments.drivers.ssh.session import Session
from deployments.drivers.ssh.speaking import Hosts
from deployments.keeper_state import FencedOut

_POLL_SECONDS, _PROBE_SECONDS, _GET_SECONDS, _RESTART_SECONDS = 0.2, 20, 3, 120


class SshDriver(Hosts):
    name = "ssh"
    label = _("Servers over ssh")
    settings = {
        "hosts": hosts.check,
        "user": checks.text,
        "folder": checks.folder,
        "restart": checks.argv,
        "port": checks.port,
        "health": checks.argv,
        "probe": checks.argv,
        "python": checks.text,
    }
    required = ("hosts", "user", "folder", "restart")
    runs_commands = True

    def hold(self, fence: int) -> None:
        """A host that is away is left out: it is asked again before anything is done there."""
        with self._session() as session:
            answers = session.ask_all({host: self._request(host, "hold", fence) for host in self.servers})
        for answer in answers.values():
            if isinstance(answer, Exception) and not isinstance(answer, Unreachable):
                raise answer

    def probe(self) -> str | None:
        """What every host answers: one label, or several with commas, which is clear too and never what is wanted.

        None as soon as one of them cannot be reached or gives no clear answer.
        """
        try:
            with self._session() as session:
                answers = {self._running(session, host) for host in self.servers}
        except DriverError:
            return None
        if None in answers:
            return None
        return answers.pop() if len(answers) == 1 else ", ".join(sorted(answer or "nothing" for answer in answers))

    def bring(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        with self._session() as session:
            for host in self.servers:
                self._send(session, host, release, fence, log, stop)

    def switch(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        with self._session() as session:
            for host in self.servers:
                self._switch(session, host, release, fence, log, stop)

    def restore(self, release: Release, *, fence: int, log: Log, stop: Stop) -> None:
        """Every host that can be reached goes back; then DriverError names those that could not."""
        failed = []
        with self._session() as session:
            for host in self.servers:
                try:
                    self._send(session, host, release, fence, log, stop)
                    self._switch(session, host, release, fence, log, stop)
                except (Stopped, FencedOut):
                    raise
                except DriverError as error:
                    log("system", f"{error}\n")
                    failed.append(error)
        if failed:
            raise DriverError("; ".join(map(str, failed)), retry=all(error.retry for error in failed))

    def health(self, release: Release, *, deadline_seconds: float, log: Log, stop: Stop) -> bool:
        with self._session() as session:
            return all(self._wait(session, host, release, deadline_seconds, log, stop) for host in self.servers)

    def _switch(self, session: Session, host: Host, release: Release, fence: int, log: Log, stop: Stop) -> None:
        """Link, restart and wait, unless the host runs it already and is well."""
        if asked(stop):
            raise Stopped(f"stopped before {host}")
        answer = session.ask(host, self._request(host, "switch", fence, release, kept=self.target.kept))
        if not (answer["settled"] and self._trouble(session, host, release) == ""):
            self._restart(session, host, release, fence, log, stop)
        if not self._wait(session, host, release, self.target.manifest.health.timeout_seconds, log, stop):
            raise DriverError(f"{host} is not healthy with {release.label}; the hosts after it were not touched")

    def _restart(self, session: Session, host: Host, release: Release, fence: int, log: Log, stop: Stop) -> None:
        argv = [self._context(host, release).fill(part) for part in self.target.settings["restart"]]
        what = {"argv": argv, "cwd": f"{host.folder}/current", **self._restart_limits()}
        request = self._request(host, "run", fence, release, **what)
        log("system", f"{host}: {release.label} is linked; $ {' '.join(argv)}\n")
        self._require_success(host, session.ask(host, request, log=log, stop=stop), "restart")
        session.ask(host, self._request(host, "settle", fence, release))

    def _restart_limits(self) -> dict[str, int]:
        """Those of [deploy], where lifecycle.toml has one."""
        deploy = self.target.manifest.deploy
        if deploy is None:
            return {"seconds": _RESTART_SECONDS, "inactivity": _RESTART_SECONDS}
        return {"seconds": deploy.timeout_seconds, "inactivity": deploy.inactivity_seconds}

    def _wait(self, session: Session, host: Host, release: Release, seconds: float, log: Log, stop: Stop) -> bool:
        deadline = time.monotonic() + seconds
        while trouble := self._trouble(session, host, release):
            if asked(stop):
                raise Stopped(f"stopped while waiting for {host}")
            if time.monotonic() > deadline:
                log("system", f"{host}: {release.label} is not healthy: {trouble}\n")
                return False
            time.sleep(_POLL_SECONDS)
        log("system", f"{host}: {release.label} is healthy\n")
        return True

    def _trouble(self, session: Session, host: Host, release: Release) -> str:
        """Why `release` does not serve well on this host, "" if it does."""
        if argv := self.target.settings.get("health"):
            done = self._asked(session, host, argv, release)[0]
            if done["code"] or done["reason"] != "exited":
                return f"the health command ended with {done['code']} ({done['reason']})"
        elif host.app_port:
            answer, _nobody = self._got(session, host, self.target.manifest.health.path)
            if not answer.ok:
                return f"GET {self.target.manifest.health.path} → {answer.status or answer.text}"
        if not self.can_verify:
            return ""
        running = self._running(session, host)
        return "" if running == release.label else f"{running or 'nothing known'} answers"

    def _running(self, session: Session, host: Host) -> str | None:
        """The label this host answers with, "" when certainly nothing runs there, None without a clear answer."""
        probe = self.target.manifest.probe
        if not session.ask(host, self._request(host, "look"))["digest"]:
            return ""
        if argv := self.target.settings.get("probe") or (probe.command if probe else ()):
            done, text = self._asked(session, host, argv, Release("", self.target.data, ""))
            return text.strip() if done["code"] == 0 and done["reason"] == "exited" else None
        if not probe or not host.app_port:
            return None
        answer, nobody = self._got(session, host, probe.path)
        return "" if nobody else answer.field(probe.field)

    def _asked(self, session: Session, host: Host, argv: Sequence[str], release: Release) -> tuple[dict[str, Any], str]:
        """How a command that only looks ended, and what it printed."""
        printed: list[str] = []
        probe = self.target.manifest.probe
        seconds = probe.timeout_seconds if probe else _PROBE_SECONDS
        limits = {"seconds": seconds, "inactivity": seconds}
        filled = [self._context(host, release).fill(part) for part in argv]
        request = self._request(host, "ask", 0, release, argv=filled, cwd=f"{host.folder}/current", **limits)
        done = session.ask(host, request, log=lambda stream, text: printed.append(text) if stream == "stdout" else None)
        return done, "".join(printed)

    def _got(self, session: Session, host: Host, path: str) -> tuple[Answer, bool]:
        """What the application answers on its host, and whether nobody listens there."""
        request = self._request(host, "get", port=host.app_port, path=path, seconds=_GET_SECONDS)
        said = session.ask(host, request)
        return Answer(said["status"], said["text"]), said["nobody"]
