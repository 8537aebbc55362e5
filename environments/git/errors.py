"""What can go wrong with git, told apart by what the caller does next."""


class GitError(Exception):
    """git said no, was not there, took too long or said too much. `output` is what it printed."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.output = output


class Conflict(GitError):
    """Two sides changed the same lines; `files` are the paths that need a person."""

    def __init__(self, files: list[str]) -> None:
        super().__init__("conflict in " + ", ".join(files))
        self.files = files


class RefMoved(GitError):
    """A compare-and-set lost: the ref is at `found` (None = it does not exist) instead of `expected`."""

    def __init__(self, ref: str, expected: str | None, found: str | None) -> None:
        super().__init__(f"{ref} is at {found or 'nothing'}, expected {expected or 'nothing'}")
        self.ref, self.expected, self.found = ref, expected, found


class PushRejected(GitError):
    """The upstream answered and refused the refs: a definite no, trying again changes nothing."""
