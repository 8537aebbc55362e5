"""Where things are: the checkout, and `var/` with everything a run writes."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def var_folder() -> Path:
    """The data folder: LIFECYCLE_VAR, else `var/` beside the code. It may not exist yet."""
    return Path(os.environ.get("LIFECYCLE_VAR") or ROOT / "var").resolve()


def private_folder(path: Path) -> Path:
    """`path`, made if missing, for its owner only (0700).

    A group that may pass through and no more stays: that is PostgreSQL running as nobody.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077 not in (0, 0o010):
        path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file only its owner can read (0600)."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    draft.replace(path)
