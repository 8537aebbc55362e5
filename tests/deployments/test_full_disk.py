"""A full disk must not keep the keeper's files from being replaced: room for them is kept beforehand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments import keeper_state
from deployments.keeper_state import Current, Status
from tests.deployments.small_disk import SmallDisk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    small = SmallDisk(tmp_path / "apps")
    if not small.is_mounted:
        pytest.skip("only root may mount a small disk")
    yield small
    small.remove()


def wish(release: str, fence: int) -> Current:
    return Current(release, fence, ["sleep", "60"], "/", {"PADDING": "x" * 3000})


def test_a_switch_and_the_way_back_fit_on_a_full_disk(disk: SmallDisk):
    folder = disk.folder / "production"
    keeper_state.hold(folder, 1)
    keeper_state.switch(folder, wish("one", 1))
    disk.fill()
    keeper_state.hold(folder, 2)
    keeper_state.switch(folder, wish("two", 2))
    keeper_state.write_status(folder, Status("crashing", "two", 2))
    keeper_state.switch(folder, wish("one", 2))
    assert keeper_state.read_current(folder) == wish("one", 2)


def test_without_the_room_that_is_kept_it_fails_and_leaves_what_was(disk: SmallDisk):
    folder = disk.folder / "production"
    keeper_state.switch(folder, wish("one", 1))
    disk.fill()
    with pytest.raises(OSError, match="No space left"):
        keeper_state.switch(folder, wish("two", 2))
    assert keeper_state.read_current(folder) == wish("one", 1)


def test_the_next_hold_makes_up_for_the_room_that_was_used(disk: SmallDisk):
    folder = disk.folder / "production"
    keeper_state.hold(folder, 1)
    disk.fill()
    keeper_state.switch(folder, wish("one", 1))
    used = (folder / "room").stat().st_size
    disk.free()
    keeper_state.hold(folder, 2)
    assert used < (folder / "room").stat().st_size
