"""The signing key: from the environment, else made once and kept beside the data."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def secret_key(data_dir: Path) -> str:
    """SECRET_KEY, or the key kept in `data_dir`, so that carts survive a new release."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    kept = data_dir / "secret_key"
    if not kept.exists():
        _keep(kept, get_random_secret_key())
    return kept.read_text()


def _keep(file: Path, key: str) -> None:
    """Write a complete file or none: two processes may start at the same moment, the first one wins."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(key)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
