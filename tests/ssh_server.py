"""An ssh server of one's own on a loopback port: OpenSSH's where it is installed and we are root, else asyncssh's.

    with SshServer(tmp_path / "web1") as server:
        server.port, server.user, server.host_key, server.private_key, server.known_hosts

Whoever signs in with `private_key` gets a shell of the user that runs the tests. `python -m tests.ssh_server
<folder>` is the second kind in a process of its own.
"""

import asyncio
import getpass
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import asyncssh

ROOT = Path(__file__).resolve().parent.parent
SSHD = Path("/usr/sbin/sshd")
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
LogLevel ERROR
MaxStartups 100
"""


def openssh_is_there() -> bool:
    """Debian's sshd drops privileges, which needs root and its folder."""
    return SSHD.exists() and os.geteuid() == 0


class SshServer:
    """`host_key` is the public line that clients pin; the port stays the same over `stop` and `start`."""

    def __init__(self, folder: Path, *, openssh: bool | None = None) -> None:
        self.folder = folder
        self.openssh = openssh_is_there() if openssh is None else openssh
        self.user = getpass.getuser()
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.private_key = self._make_key("client_key")
        (folder / "authorized_keys").write_text((folder / "client_key.pub").read_text())
        self.change_host_key()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def private_key_file(self) -> Path:
        return self.folder / "client_key"

    @property
    def known_hosts(self) -> str:
        """The line of an OpenSSH known_hosts file."""
        return f"[127.0.0.1]:{self.port} {self.host_key}\n"

    def change_host_key(self) -> str:
        """Make a new host key, in force from the next start; returns its fingerprint."""
        self._make_key("host_key")
        public = asyncssh.read_public_key(self.folder / "host_key.pub")
        self.host_key = public.export_public_key().decode().strip()
        return str(public.get_fingerprint())

    def start(self) -> None:
        """Serve until `stop`; AssertionError with the server's words if it does not come up."""
        (self.folder / "sshd_config").write_text(CONFIG.format(port=self.port, folder=self.folder))
        own = [sys.executable, "-m", "tests.ssh_server", str(self.folder), str(self.port)]
        command = [str(SSHD), "-D", "-e", "-f", str(self.folder / "sshd_config")] if self.openssh else own
        if self.openssh:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "sshd.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the server and every connection to it at once, as if the machine were gone."""
        if self.process is None:
            return
        for pid in [*_sessions_of(self.process.pid), self.process.pid]:
            _kill(pid)
        self.process.wait(10)
        self.process = None

    def _make_key(self, name: str) -> str:
        path = self.folder / name
        key = asyncssh.generate_private_key("ssh-ed25519")
        path.unlink(missing_ok=True)
        key.write_private_key(path)
        path.chmod(0o600)
        key.write_public_key(f"{path}.pub")
        return path.read_text()

    def _wait_until_it_answers(self) -> None:
        assert self.process
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                    if connection.recv(4) == b"SSH-":
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the ssh server does not answer: {(self.folder / 'sshd.log').read_text()}")


def _sessions_of(pid: int) -> list[int]:
    """The processes that sshd (or the small server) forked for its connections; the commands they run are left."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            name = (stat.parent / "comm").read_text().strip()
        except OSError:
            continue
        if name.startswith("sshd") and (int(fields[3]) == pid or int(fields[1]) == pid):
            children.append(int(stat.parent.name))
    return children


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def _run_command(process: Any) -> None:
    """Run what was asked for in a shell, its streams joined to the channel; a vanished client closes its stdin."""
    child = await asyncio.create_subprocess_shell(
        process.command or "/bin/sh", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
    code = await child.wait()
    await process.stdout.drain()
    await process.stderr.drain()
    process.exit(code if code >= 0 else 128 - code)


async def serve(folder: Path, port: int) -> None:
    """The small server: public keys only, one shell command per session."""
    await asyncssh.listen(
        "127.0.0.1",
        port,
        server_host_keys=[str(folder / "host_key")],
        authorized_client_keys=str(folder / "authorized_keys"),
        process_factory=_run_command,
        encoding=None,
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
