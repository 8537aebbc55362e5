"""Finding a Chromium: Debian's, Playwright's own, or the one that CHROMIUM names."""

import os
import shutil
from pathlib import Path

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


def find() -> str | None:
    """The path of a Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    own = sorted((Path.home() / ".cache" / "ms-playwright").glob("chromium-*/chrome-linux*/chrome"))
    found = [named, shutil.which("chromium"), shutil.which("chromium-browser"), *map(str, reversed(own))]
    return next((path for path in found if path and Path(path).exists()), None)
