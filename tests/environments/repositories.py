"""A small real upstream repository to test against."""

import os
import subprocess
from pathlib import Path

_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Dev",
    "GIT_AUTHOR_EMAIL": "dev@shop.test",
    "GIT_COMMITTER_NAME": "Dev",
    "GIT_COMMITTER_EMAIL": "dev@shop.test",
    "LANG": "C.UTF-8",
}


class Upstream:
    """The team's repository: a work tree with a `main` of one 60-line file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.write("shop.py", "".join(f"line {n}\n" for n in range(1, 61)))
        self.commit("base")

    def git(self, *args: str, stdin: bytes = b"") -> str:
        done = subprocess.run(["git", *args], cwd=self.path, env=_ENV, input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def write(self, name: str, text: str) -> None:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def change(self, branch: str, start: str, line: int, text: str | None = None) -> str:
        """A branch from `start` that rewrites one line of shop.py and adds a file of its own."""
        self.git("checkout", "-q", "-B", branch, start)
        lines = (self.path / "shop.py").read_text().splitlines()
        lines[line - 1] = text or f"line {line} {branch}"
        self.write("shop.py", "\n".join(lines) + "\n")
        self.write(f"{branch.replace('/', '_')}.py", "x = 1\n")
        sha = self.commit(branch)
        self.git("checkout", "-q", "main")
        return sha
