"""Signing in to a host, and looking at the key that it shows. Nothing is ever taken on trust."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import asyncssh

from deployments.drivers.base import DriverError
from deployments.drivers.ssh.hosts import Host

CONNECT_SECONDS, KEEPALIVE_SECONDS = 10.0, 5


class Unreachable(DriverError):
    """The host did not answer, or went away."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=True)


@dataclass(frozen=True)
class Identity:
    """Who signs in, and which hosts are known: `host_keys` has "web1:22" → OpenSSH line."""

    user: str
    key: str = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)
    host_keys: Mapping[str, str] = field(default_factory=dict)

    def signing_key(self) -> asyncssh.SSHKey:
        """DriverError if SSH_KEY holds no private key that can be read."""
        try:
            return asyncssh.import_private_key(self.key.strip() + "\n", self.passphrase)
        except (ValueError, asyncssh.KeyEncryptionError) as error:
            raise DriverError(f"SSH_KEY holds no usable private key: {error}") from error


class Seen(NamedTuple):
    """A host key as it was shown: one line in OpenSSH format, and its SHA-256 fingerprint."""

    key: str
    fingerprint: str


def fingerprint_of(line: str) -> str:
    """ "SHA256:…" of a public key in OpenSSH format; ValueError for anything else."""
    return str(asyncssh.import_public_key(line).get_fingerprint())


class _Client(asyncssh.SSHClient):
    """Refuses every key but the pinned one, and remembers what it refused."""

    refused = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.refused = str(key.get_fingerprint())
        return False


async def connect(host: Host, identity: Identity) -> asyncssh.SSHClientConnection:
    """Sign in. DriverError for a key that is not the confirmed one, with both fingerprints; Unreachable."""
    line = identity.host_keys.get(str(host), "")
    pinned = [asyncssh.import_public_key(line)] if line else []
    client = _Client()
    try:
        return await asyncssh.connect(
            host.name,
            host.port,
            username=identity.user,
            client_keys=[identity.signing_key()],
            known_hosts=(pinned, [], []),
            client_factory=lambda: client,
            server_host_key_algs="default",
            preferred_auth="publickey",
            agent_path=None,
            config=None,
            connect_timeout=CONNECT_SECONDS,
            login_timeout=CONNECT_SECONDS,
            keepalive_interval=KEEPALIVE_SECONDS,
        )
    except asyncssh.HostKeyNotVerifiable as error:
        raise DriverError(_refusal(host, line, client.refused or str(error))) from error
    except asyncssh.PermissionDenied as error:
        raise DriverError(f"{host} does not let {identity.user} in with SSH_KEY") from error
    except (TimeoutError, OSError, asyncssh.Error) as error:
        raise Unreachable(f"{host} cannot be reached: {error or type(error).__name__}") from error


def _refusal(host: Host, line: str, shown: str) -> str:
    if not line:
        return f"{host} shows the key {shown}, which nobody has confirmed (see the environment's settings)"
    confirmed = fingerprint_of(line)
    return f"the key of {host} has changed: it shows {shown}, confirmed was {confirmed}; nothing was sent to it"


def look(host: Host) -> Seen:
    """The key that the host shows to anybody; Unreachable when it shows none. Its loop has a thread of its own."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(lambda: asyncio.run(_look(host))).result()


async def _look(host: Host) -> Seen:
    try:
        asking = asyncssh.get_server_host_key(host.name, host.port, config=None)
        key = await asyncio.wait_for(asking, CONNECT_SECONDS)
    except (TimeoutError, OSError, asyncssh.Error) as error:
        raise Unreachable(f"{host} cannot be reached: {error or type(error).__name__}") from error
    if key is None:
        raise Unreachable(f"{host} shows no key")
    return Seen(key.export_public_key().decode().strip(), str(key.get_fingerprint()))
