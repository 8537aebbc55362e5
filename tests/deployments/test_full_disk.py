"""A full disk must not keep the keeper's files from being replaced: room for them is kept beforehand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments import keeper_state
from deployments.keeper import Keeper
from deployments.keeper_app import LOG_BYTES, App
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


def test_the_keeper_lives_on_where_its_own_files_find_no_room(tmp_path: Path, capsys):
    disk = SmallDisk(tmp_path / "var")
    if not disk.is_mounted:
        pytest.skip("only root may mount a small disk")
    try:
        disk.fill()
        keeper = Keeper(disk.folder)
        keeper.tick()
        assert keeper_state.keeper_age_seconds(disk.folder) is None
        disk.free()
        keeper._next_beat = 0
        keeper.tick()
        disk.fill()
        keeper._next_beat = 0
        before = (disk.folder / "keeper.json").stat().st_mtime_ns
        keeper.tick()
        assert (disk.folder / "keeper.json").stat().st_mtime_ns > before  # in the room that the last beat kept
    finally:
        disk.remove()


def test_a_log_that_cannot_be_copied_is_emptied_and_the_application_is_reported(disk: SmallDisk):
    folder = disk.folder / "production"
    keeper_state.hold(folder, 1)
    keeper_state.switch(folder, Current("gone", 1, ["/no/such/command"], "/", {}))
    app = App(folder)
    app.log.write_bytes(b"x" * (LOG_BYTES + 1))
    disk.fill()
    with pytest.raises(OSError, match="No space left"):
        app.tick()
    status = keeper_state.read_status(folder)
    assert status and status.release == "gone" and app.log.stat().st_size < LOG_BYTES
    app.finish_stop()
