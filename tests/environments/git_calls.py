"""What the git wrapper starts, watched."""

import subprocess

import pytest

from environments.git import runner

BARE = {"version", "init", "config", "cat-file", "gc", "fsck", "commit-tree"}


class Calls:
    """Every git command that the wrapper started (not those of the tests' own upstream)."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.argvs: list[list[str]] = []
        start = subprocess.Popen

        def watched(argv: list[str], **kwargs: object) -> object:
            self.argvs += [argv] if "credential.helper=" in argv else []
            return start(argv, **kwargs)

        patch.setattr(runner.subprocess, "Popen", watched)

    def unguarded(self) -> list[list[str]]:
        """Those in which a value could be taken for an option."""
        return [argv for argv in self.argvs if not self.is_safe(argv)]

    def is_safe(self, argv: list[str]) -> bool:
        after = argv[argv.index("credential.helper=") + 1 :]
        words = [word for word in after if not word.startswith("--git-dir=")]
        return words[0] in BARE or "--end-of-options" in words or "--stdin" in words
