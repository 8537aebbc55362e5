"""A developer's clone: edit, commit, push."""

import os
import subprocess
from pathlib import Path

WHO = {
    "GIT_AUTHOR_NAME": "Dev",
    "GIT_AUTHOR_EMAIL": "dev@northwind.test",
    "GIT_COMMITTER_NAME": "Dev",
    "GIT_COMMITTER_EMAIL": "dev@northwind.test",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class Clone:
    """A work tree of the shop in which Dev builds."""

    def __init__(self, upstream: Path, folder: Path) -> None:
        self.folder = folder
        subprocess.run(["git", "clone", "-q", str(upstream), str(folder)], check=True, env=os.environ | WHO)

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, check=True, env=os.environ | WHO, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit one file; AssertionError when `old` is not in it, so that a test never edits nothing."""
        text = (self.folder / path).read_text()
        assert old in text, f"{old!r} is not in {path}"
        self.write(path, text.replace(old, new, 1))

    def push(self, message: str, branch: str) -> str:
        """Commit everything and push to `branch`; returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        self.git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        return self.git("rev-parse", "HEAD")
