"""What the `ssh` driver says to its hosts, and the commands that run once, on the first of them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any
from uuid import uuid4

from deployments.drivers.base import NO_FACTS, Driver, DriverError, Log, Release, Stop, Stopped
from deployments.drivers.ssh import hosts
from deployments.drivers.ssh.connecting import Identity
from deployments.drivers.ssh.hosts import Host
from deployments.drivers.ssh.remote.files import MARKER
from deployments.drivers.ssh.session import Session
from environments.manifest import Context


class Hosts(Driver):
    """The servers of an environment in their order; the first one runs what is run once."""

    @cached_property
    def servers(self) -> list[Host]:
        """DriverError for settings that are wrong."""
        if found := list(self.complaints(self.target.settings)):
            raise DriverError("; ".join(found))
        return hosts.hosts_of(self.target.settings)

    def command(
        self, section: str, release: Release, *, fence: int, log: Log, stop: Stop, facts: Mapping[str, str] = NO_FACTS
    ) -> None:
        """Once, on the first host, in the release's folder."""
        context = self._context(self.servers[0], release)
        request = self._once("run", section, release, context, facts, fence=fence)
        self._follow(section, request, log, stop)

    def declared(
        self, section: str, release: Release, *, fence: int, log: Log, stop: Stop, facts: Mapping[str, str] = NO_FACTS
    ) -> None:
        """Only the first host needs the release; one that is not kept here any more is expected there."""
        if (release.path / MARKER).exists():
            with self._session() as session:
                self._send(session, self.servers[0], release, fence, log, stop)
        self.command(section, release, fence=fence, log=log, stop=stop, facts=facts)

    def drill(self, release: Release, *, log: Log, stop: Stop, facts: Mapping[str, str] = NO_FACTS) -> None:
        """On the first host, in what runs there, and beside whatever else is done there."""
        folder = self.servers[0].folder
        scratch = f"{folder}/drill-{uuid4().hex}"
        context = replace(self._context(self.servers[0], release), data=scratch)
        places = {"DATA_DIR": scratch, "LIVE_DATA_DIR": f"{folder}/data"}
        request = self._once("ask", "restore_drill", release, context, {**facts, **places})
        self._follow("restore_drill", request | {"scratch": scratch}, log, stop)

    def _once(
        self, do: str, section: str, release: Release, context: Context, facts: Mapping[str, str], *, fence: int = 0
    ) -> dict[str, Any]:
        """The request that has the first host run a section in the release's folder."""
        host, limits = self.servers[0], self.target.manifest.limits(section)
        argv = self.target.manifest.command(section, context)
        request = self._request(host, do, fence, release, argv=argv, cwd=self._path(host, release))
        times = {"seconds": limits.timeout_seconds, "inactivity": limits.inactivity_seconds}
        return request | times | {"env": {**request["env"], **facts}}

    def _follow(self, section: str, request: dict[str, Any], log: Log, stop: Stop) -> None:
        host = self.servers[0]
        log("system", f"{host}: $ {' '.join(request['argv'])}\n")
        with self._session() as session:
            self._require_success(host, session.ask(host, request, log=log, stop=stop), section)

    def _send(self, session: Session, host: Host, release: Release, fence: int, log: Log, stop: Stop) -> None:
        marker = (release.path / MARKER).read_text()
        facts = {"contents": json.loads(marker)["contents"], "marker": marker}
        answer = session.send(host, self._request(host, "receive", fence, release, **facts), release.path, stop=stop)
        log("system", f"{host} has {release.label}{' already' if answer['kept'] else ''}\n")

    def _require_success(self, host: Host, done: dict[str, Any], what: str) -> None:
        if done["reason"] == "stopped":
            raise Stopped(f"{host}: {what} was stopped")
        if done["reason"] != "exited":
            raise DriverError(f"{host}: {what} was ended ({done['reason']})", retry=True)
        if done["code"]:
            raise DriverError(f"{host}: {what} ended with exit code {done['code']}")

    def _request(
        self, host: Host, do: str, fence: int = 0, release: Release | None = None, **more: Any
    ) -> dict[str, Any]:
        request = {"do": do, "folder": host.folder, "fence": fence, **more}
        if release is not None:
            request |= {"digest": release.digest, "label": release.label, "env": self._environ(host, release)}
        return request

    def _path(self, host: Host, release: Release) -> str:
        return f"{host.folder}/releases/{release.digest}"

    def _context(self, host: Host, release: Release) -> Context:
        """The placeholders, as they are on the host."""
        path, data = self._path(host, release), f"{host.folder}/data"
        python = self.target.settings.get("python", "python3")
        return Context(self.target.environment, release.label, path, data, host.app_port, python)

    def _environ(self, host: Host, release: Release) -> dict[str, str]:
        """What commands and the application get; PATH, HOME and LANG are the host's own unless a variable says so."""
        variables = self.target.variables
        whole = self._context(host, release).environ(variables)
        return {name: text for name, text in whole.items() if name not in ("PATH", "HOME", "LANG") or name in variables}

    def _session(self) -> Session:
        credentials = self.target.credentials
        if "SSH_KEY" not in credentials:
            raise DriverError("the secret SSH_KEY of this environment is not set")
        identity = Identity(
            user=self.target.settings.get("user", ""),
            key=credentials["SSH_KEY"],
            passphrase=credentials.get("SSH_KEY_PASSPHRASE"),
            host_keys=self.target.host_keys,
        )
        return Session(identity, python=self.target.settings.get("python", "python3"))
