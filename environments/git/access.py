"""How an upstream is spoken with: which servers are known, and with what one signs in.

Secrets never reach a command line: the key lies in a file that only this user reads, the password in the
environment of the one git process, from which `askpass.sh` hands it over.
"""

import contextlib
import re
import shlex
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .errors import GitError

CONNECT_SECONDS = 15
_ASKPASS = Path(__file__).with_name("askpass.sh")
_SSH = re.compile(r"(?:ssh://(?:[^@/]+@)?(?P<host>\[[^\]]+\]|[^:/]+)(?::(?P<port>\d+))?/|[^@/]+@(?P<short>[^:/]+):)")
_DENIED = re.compile(
    r"Permission denied|Authentication failed|could not read (?:Username|Password)|(?:HTTP|returned error:) 40[13]"
)
_UNKNOWN_HOST = re.compile(r"Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED")


@dataclass(frozen=True)
class Access:
    """What git may use to reach an upstream. Nothing: only servers that ask for nothing, and none over ssh.

    `known_hosts` are lines in OpenSSH's format, `key` is a private key, `ca_file` the authorities of a company's own.
    """

    known_hosts: str = ""
    key: str = field(default="", repr=False)
    login: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    @contextlib.contextmanager
    def environment(self) -> Iterator[dict[str, str]]:
        """The variables for one git process; the files they name are gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="lifecycle-access-") as folder:
            found = {"GIT_SSH_COMMAND": self._ssh(Path(folder)), "GIT_SSH_VARIANT": "ssh"}
            if self.password:
                found |= {"GIT_ASKPASS": str(_ASKPASS), "LIFECYCLE_LOGIN": self.login or "git"}
                found["LIFECYCLE_PASSWORD"] = self.password
            if self.ca_file:
                found["GIT_SSL_CAINFO"] = self.ca_file
            yield found

    def _ssh(self, folder: Path) -> str:
        """ssh that knows the confirmed servers only: another one, or another key, ends the connection."""
        known = _private_file(folder / "known_hosts", self.known_hosts)
        options = [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            f"UserKnownHostsFile={known}",
            "GlobalKnownHostsFile=/dev/null",
            "UpdateHostKeys=no",
            "ProxyCommand=none",
            "PermitLocalCommand=no",
            f"ConnectTimeout={CONNECT_SECONDS}",
        ]
        if self.key:
            file = _private_file(folder / "key", self.key.replace("\r\n", "\n").strip() + "\n")
            options += ["IdentitiesOnly=yes", f"IdentityFile={file}", "IdentityAgent=none"]
        return shlex.join(["ssh", "-F", "/dev/null", *(part for option in options for part in ("-o", option))])


NOBODY = Access()


def _private_file(path: Path, text: str) -> Path:
    path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    path.write_text(text)
    return path


def ssh_server(upstream: str) -> tuple[str, int] | None:
    """Host and port when `upstream` is reached over ssh, else None."""
    found = _SSH.match(upstream)
    if found is None:
        return None
    return (found["host"] or found["short"]).strip("[]").lower(), int(found["port"] or 22)


def explain(error: GitError) -> GitError:
    """The same refusal with the way out in front, when git's own words are about signing in."""
    if _UNKNOWN_HOST.search(error.output):
        return HostKeyUnknown("The server's key is not confirmed, so nothing was sent to it.", error.output)
    if _DENIED.search(error.output):
        return AccessDenied("The server does not let us in: check the credential of this repository.", error.output)
    return error


class HostKeyUnknown(GitError):
    """The server showed a key that nobody has confirmed, or another one than the confirmed one."""


class AccessDenied(GitError):
    """The server asked who we are and did not like the answer."""
