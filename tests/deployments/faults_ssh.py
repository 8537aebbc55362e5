"""The same faults on two real servers behind ssh: one of them is hit, and both must run one release."""

from contextlib import ExitStack
from pathlib import Path

from deployments import host_keys
from deployments.drivers import http
from environments.variables import set_variable
from tests.cast import Cast
from tests.deployments.faults import FaultyShop, Says
from tests.deployments.small_disk import SmallDisk
from tests.deployments.ssh_hosts import three_hosts

ON_THE_FIRST = ("backup", "migrate")


class SshShop(FaultyShop):
    """Both servers keep their things on one small disk, which becomes full for both."""

    def __init__(self, cast: Cast, var: Path, driver: str) -> None:
        disk = SmallDisk(var / "hosts")
        self.servers = ExitStack()
        self.hosts = self.servers.enter_context(three_hosts(var / "hosts", count=2))
        super().__init__(cast, var, driver)
        self.disks["hosts"] = disk
        key = self.hosts.web[0].private_key
        set_variable(self.production, name="SSH_KEY", value=key, is_secret=True, by=cast.ops)
        host_keys.look_later(self.production, by=cast.ops)
        self.settle()
        for server in host_keys.of(self.production):
            host_keys.confirm(server.shown, by=cast.ops)

    def _settings(self) -> dict[str, dict[str, object]]:
        return {"ssh": self.hosts.settings}

    def fault_folder(self, where: str) -> Path:
        """Commands run on the first server; whatever else goes wrong goes wrong on the second."""
        if where == "build":
            return super().fault_folder(where)
        return self.hosts.folder(0 if where in ON_THE_FIRST else 1) / "data"

    def says(self) -> Says | None:
        """What both say; None as soon as they differ or one of them is silent."""
        answers = [http.get(port, "/probe") for port in self.hosts.ports]
        if not all(answer.ok for answer in answers) or answers[0].text != answers[1].text:
            return None
        return Says.of(answers[0].text)

    def end(self) -> None:
        self.servers.close()
        super().end()
