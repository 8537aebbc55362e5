"""The folder of one environment on a host, as the holder of a fence sees it.

`releases/<digest>`, `current` (a symlink to one of them), `current.json`, `environments/<digest>` (what the application
is started with), `fence`, `data`.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployments.drivers.ssh.remote import files
from deployments.drivers.ssh.remote.command import Command
from deployments.drivers.ssh.remote.protocol import Failed, Fenced, Lost, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    Answer = dict[str, Any]

LINE_SECONDS = 20.0
DAY_SECONDS = 86400
WRONG_NANOSECONDS = DAY_SECONDS * 10**9


class Host:
    """The folder of one environment on this machine, as the holder of `fence` sees it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request, self.fence = request, request["fence"]
        self.folder = Path(request["folder"])
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "releases").mkdir(exist_ok=True)

    # -- the fence

    @contextmanager
    def locked(self, name: str = "lock") -> Iterator[None]:
        with (self.folder / name).open("a") as file:
            deadline = time.monotonic() + LINE_SECONDS
            while not files.try_lock(file):
                if time.monotonic() > deadline:
                    raise Failed("something of an earlier deployment still runs here")
                self.require_newest()
                time.sleep(0.05)
            yield

    def require_newest(self) -> None:
        seen = self.seen()
        if self.fence < seen:
            raise Fenced(seen)

    def seen(self) -> int:
        try:
            return int((self.folder / "fence").read_text())
        except FileNotFoundError:
            return 0

    def hold(self) -> Answer:
        """Refuse everybody with an older fence from now on, and keep some room on the disk."""
        with self.locked():
            self._raise_fence()
            files.keep_room(self.folder)
        return {}

    def _raise_fence(self) -> None:
        self.require_newest()
        if self.fence > self.seen():
            files.replace(self.folder / "fence", str(self.fence))

    # -- releases

    def receive(self) -> Answer:
        """Unpack the release that follows on stdin, unless it is here and whole."""
        digest, contents = self.request["digest"], self.request["contents"]
        final = self.folder / "releases" / digest
        with self.locked():
            self._raise_fence()
            self._remove_drafts()
        if final.exists() and files.contents_hash(final) == contents and files.marked(final) == digest:
            say({"need": False})
            return {"kept": True}
        say({"need": True})
        draft = final.with_name(f"{digest}.{self.fence}.{os.getpid()}.tmp")
        try:
            self._unpack(draft, contents)
            with self.locked():
                self.require_newest()
                self._place(draft, final)
        finally:
            files.remove(draft)
        files.sync(final.parent)
        return {"kept": False}

    def _place(self, draft: Path, final: Path) -> None:
        """Put a wrong release aside only now: `current` may lead to it, and an upload may take long or break off."""
        if final.exists():
            final.rename(final.with_name(f"{final.name}.{time.time_ns()}.wrong"))
        draft.rename(final)

    def _unpack(self, draft: Path, contents: str) -> None:
        """The files, checked, then the link to what the application is started with, and the marker last."""
        trusted: dict[str, Any] = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
        draft.mkdir()
        try:
            with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
                archive.extractall(str(draft), **trusted)
        except tarfile.TarError as error:
            raise Lost(f"the upload broke off: {error}") from None
        if files.contents_hash(draft) != contents:
            raise Failed("the files that arrived are not those that were sent")
        draft.chmod(0o755)
        (draft / files.ENVIRONMENT).symlink_to("../../environments/" + self.request["digest"])
        files.replace(draft / files.MARKER, self.request["marker"])
        draft.chmod(0o555)

    def _remove_drafts(self) -> None:
        """What uploads with an older fence left behind."""
        for draft in (self.folder / "releases").glob("*.tmp"):
            if int(draft.name.split(".")[-3]) < self.fence:
                files.remove(draft)

    # -- what runs

    def switch(self) -> Answer:
        """Let `current` lead to the release, in one step. `settled`: it was already so, and started."""
        digest = self.request["digest"]
        release = self.folder / "releases" / digest
        with self.locked():
            self._raise_fence()
            if not release.exists() or files.marked(release) != digest:
                raise Failed(f"the release {digest} is not here, or not whole")
            same = self._write_environment(digest) and self._linked() == digest
            settled = same and bool(self._current().get("settled"))
            self._note(settled)
            self._link(digest)
            self._prune()
        return {"settled": settled}

    def settle(self) -> Answer:
        """Note that what `current` leads to was started."""
        with self.locked():
            self.require_newest()
            self._note(True)
        return {}

    def look(self) -> Answer:
        """What `current` leads to, "" for nothing."""
        return {"digest": self._linked()}

    def _note(self, settled: bool) -> None:
        facts = {"release": self.request["label"], "digest": self.request["digest"], "fence": self.fence}
        files.replace(self.folder / "current.json", json.dumps(dict(facts, settled=settled)))

    def _current(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.folder / "current.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def _linked(self) -> str:
        link = self.folder / "current"
        return Path(os.readlink(str(link))).name if link.is_symlink() else ""

    def _link(self, digest: str) -> None:
        draft = self.folder / f".current.{os.getpid()}"
        if draft.is_symlink():
            draft.unlink()
        draft.symlink_to("releases/" + digest)
        draft.replace(self.folder / "current")
        files.sync(self.folder)

    def _write_environment(self, digest: str) -> bool:
        """A file for systemd's EnvironmentFile=, its owner's only. True if it was the same before."""
        folder = self.folder / "environments"
        folder.mkdir(mode=0o700, exist_ok=True)
        lines = [f"{name}={files.quoted(value)}\n" for name, value in sorted(self.request["env"].items())]
        text, path = "".join(lines), folder / digest
        if path.exists() and path.read_text() == text:
            return True
        files.replace(path, text)
        return False

    def _prune(self) -> None:
        """Keep the newest releases, and what runs; wrong ones for a day, beside those."""
        folder = self.folder / "releases"
        for wrong in folder.glob("*.wrong"):
            if time.time_ns() - int(wrong.name.split(".")[-2]) > WRONG_NANOSECONDS:
                files.remove(wrong)
        found = sorted((p for p in folder.iterdir() if "." not in p.name), key=lambda p: -p.stat().st_mtime)
        for old in found[self.request["kept"] :]:
            if old.name not in (self._linked(), self.request["digest"]):
                files.remove(old)
                environment = self.folder / "environments" / old.name
                if environment.exists():
                    environment.unlink()

    # -- commands and questions

    def run(self) -> Answer:
        """Run a command, one at a time; it is ended with its group when the asker goes, or a newer fence comes."""
        with self.locked("running"):
            self.require_newest()
            (self.folder / "data").mkdir(mode=0o700, exist_ok=True)
            return Command(self.request, self.require_newest).follow()

    def ask(self) -> Answer:
        """Run a command that only looks: beside others, whoever holds the host."""
        with self._scratch():
            return Command(self.request, lambda: None).follow()

    @contextmanager
    def _scratch(self) -> Iterator[None]:
        """A folder that goes with the command, where one is asked for; what a killed one left goes after a day."""
        if "scratch" not in self.request:
            yield
            return
        for left in self.folder.glob("drill-*"):
            if time.time() - left.stat().st_mtime > DAY_SECONDS:
                files.remove(left)
        scratch = Path(self.request["scratch"])
        scratch.mkdir(mode=0o700)
        try:
            yield
        finally:
            files.remove(scratch)

    def get(self) -> Answer:
        """GET from this machine's own port; `nobody` listens there when the connection is refused."""
        connection = http.client.HTTPConnection("127.0.0.1", self.request["port"], timeout=self.request["seconds"])
        try:
            connection.request("GET", self.request["path"])
            answer = connection.getresponse()
            text = answer.read(100000).decode("utf-8", "replace")
            return {"status": answer.status, "text": text, "nobody": False}
        except (OSError, ValueError, http.client.HTTPException) as error:
            nobody = isinstance(error, ConnectionRefusedError)
            return {"status": 0, "text": str(error) or type(error).__name__, "nobody": nobody}
        finally:
            connection.close()
