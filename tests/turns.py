"""Which tests share a process, and in which turn they run, when the whole suite runs in several processes."""

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/browser/demo/",)
"""Folders whose files share what is dear to set up."""


class Turns(LoadFileScheduling):
    """A file's tests stay in one process, because they share servers; so do the files of the folders TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))


def by_length(items: list[pytest.Item]) -> None:
    """The longest first, then the files with slow tests: no process is left alone with one of them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.nodeid.startswith(TOGETHER), item.path not in slow))
