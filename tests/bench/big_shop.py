"""A repository of the size of a real team: the sample shop among 5,200 files and as many commits, made in seconds."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from environments.manifest import Context, parse
from tests.deployments.shop import answer, eventually

SHOP = Path(__file__).resolve().parents[2] / "sample_shop" / "main"
FILES, COMMITS, BRANCHES = 5_200, 5_200, 50
BEGAN = 1_700_000_000


def make(path: Path) -> Path:
    """The bare repository at `path`; `main` is a shop that starts, `idea/1` to `idea/50` change a file each."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    stream = "".join([*history(), *branches()]).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=path, input=stream, check=True)
    return path


def history() -> Iterator[str]:
    """One commit with the shop and all files, then one after another that changes a single line."""
    product = [path for path in sorted(SHOP.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    yield commit("main", 0, "shop: Say how it is run.")
    yield "".join(file(str(path.relative_to(SHOP)), path.read_text()) for path in product)
    yield "".join(file(name_of(number), text_of(number)) for number in range(FILES))
    for number in range(1, COMMITS):
        changed = number % FILES
        yield commit("main", number, f"part {changed}: Change a line.")
        yield file(name_of(changed), text_of(changed, edition=number))


def branches() -> Iterator[str]:
    for number in range(1, BRANCHES + 1):
        yield commit(f"idea/{number}", COMMITS + number, f"idea {number}: Build it.", parent=f":{COMMITS}")
        yield file(f"ideas/{number}.txt", f"idea {number}\n")
        yield file(name_of(number * 20), text_of(number * 20, edition=COMMITS + number))


def commit(branch: str, number: int, message: str, parent: str = "") -> str:
    who = f"Dev <dev@shop.test> {BEGAN + number * 60} +0000"
    parent = f"from {parent}\n" if parent else ""
    return f"commit refs/heads/{branch}\nmark :{number + 1}\ncommitter {who}\ndata {len(message)}\n{message}\n{parent}"


def file(name: str, text: str) -> str:
    return f"M 100644 inline {name}\ndata {len(text.encode())}\n{text}\n"


def name_of(number: int) -> str:
    return f"parts/{number // 100:03}/part_{number:04}.txt"


def text_of(number: int, edition: int = 0) -> str:
    return "".join(f"part {number}, line {line}\n" for line in range(40)) + f"edition {edition}\n"


class BareWork:
    """What a promotion must do, by hand: merge, check out, migrate, start, ask whether it is well, record it in git."""

    def __init__(self, mirror: Path, folder: Path, port: int) -> None:
        self.mirror, self.folder, self.port = mirror, folder, port
        self.server: subprocess.Popen[bytes] | None = None
        self.data = folder / "data"
        self.data.mkdir(parents=True)

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.mirror, check=True, capture_output=True, text=True
        ).stdout.strip()

    def merge(self, onto: str, tip: str) -> str:
        tree = self.git("merge-tree", "--write-tree", onto, tip)
        identity = ("-c", "user.name=Dev", "-c", "user.email=dev@shop.test")
        return self.git(*identity, "commit-tree", tree, "-p", onto, "-p", tip, "-m", "Apply")

    def check_out(self, sha: str, name: str) -> Path:
        checkout = self.folder / name
        checkout.mkdir(parents=True)
        subprocess.run(f"git archive {sha} | tar -x -C {checkout}", shell=True, cwd=self.mirror, check=True)
        return checkout

    def snapshot(self, environment: str, sha: str) -> None:
        """One more commit on the environment's branch: these three commands are the least that git can do."""
        head = self.git("rev-parse", f"refs/heads/env/{environment}")
        commit = self.git("commit-tree", f"{sha}^{{tree}}", "-p", head, "-m", "Snapshot")
        self.git("update-ref", f"refs/bench/{environment}", commit)

    def popen(self, section: str, checkout: Path) -> subprocess.Popen[bytes]:
        """A command of the checkout's lifecycle.toml, started as Lifecycle starts it."""
        context = Context("bare", "bare", str(checkout), str(self.data), self.port)
        command = parse((checkout / "lifecycle.toml").read_text()).command(section, context)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=checkout, env=context.environ(), **quiet)

    def migrate(self, checkout: Path) -> None:
        assert self.popen("migrate", checkout).wait() == 0

    def start(self, checkout: Path) -> None:
        """Replace the server and wait until the new one answers."""
        self.stop()
        self.server = self.popen("start", checkout)
        assert eventually(lambda: answer(self.port))

    def stop(self) -> None:
        if self.server:
            self.server.terminate()
            self.server.wait()

    def start_seconds(self, checkout: Path) -> float:
        began = time.monotonic()
        self.start(checkout)
        return time.monotonic() - began
