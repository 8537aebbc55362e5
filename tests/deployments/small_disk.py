"""Disks that really become full: small file systems in memory, mounted where the product keeps its things."""

import resource
import subprocess
from contextlib import suppress
from pathlib import Path

DISK_BYTES = 6_000_000


class SmallDisk:
    """A disk of a few megabytes at `folder`, which must be empty. Where nothing may be mounted it is a limit instead:

    `fill` then lets neither this process nor its children write to any file until `free`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        options = ("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder))
        self.is_mounted = subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0

    def fill(self) -> None:
        if not self.is_mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            return
        with suppress(OSError), (self.folder / "filler").open("ab", buffering=0) as filler:
            while filler.write(b"x" * 4096):
                pass

    def free(self) -> None:
        """Remove what filled it, also what a command of the product filled it with."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for filler in self.folder.rglob("filler"):
            filler.unlink()

    def remove(self) -> None:
        self.free()
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
