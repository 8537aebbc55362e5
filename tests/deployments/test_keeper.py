"""The keeper, as a real process over real applications."""

import json
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from deployments.keeper_bell import Bell
from deployments.keeper_state import (
    Current,
    FencedOut,
    app_folder,
    hold,
    keeper_age_seconds,
    read_current,
    switch,
    withdraw,
)
from lifecycle import process
from tests.deployments.shop import SERVER, Kept, answer, eventually


@pytest.fixture
def kept(tmp_path):
    kept = Kept(tmp_path / "var")
    kept.start()
    yield kept
    kept.end()


def current(fence, release="24.11"):
    return Current(release, fence, ["true"], "/", {"TOKEN": "secret"})


def test_a_switch_starts_the_release_and_the_next_one_replaces_it(kept):
    kept.switch("24.11", 1, SHOP="Кот")
    assert eventually(lambda: kept.serves("24.11"))
    assert answer(kept.port)["shop"] == "Кот"
    first = answer(kept.port)["pid"]
    kept.switch("24.12", 2)
    assert eventually(lambda: kept.serves("24.12"))
    assert process.start_time(first) is None
    assert eventually(lambda: kept.status().state == "running")
    assert (kept.status().release, kept.status().fence, kept.status().restarts) == ("24.12", 2, 0)


def test_a_crashed_application_is_started_again(kept):
    kept.switch("24.11", 1)
    assert eventually(lambda: kept.serves("24.11"))
    first = answer(kept.port)["pid"]
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: answer(kept.port).get("pid") not in {None, first})
    assert eventually(lambda: kept.status().restarts == 1)


def test_an_application_that_cannot_start_says_why_and_is_retried_ever_more_slowly(kept):
    kept.switch("bad", 1, argv=[sys.executable, "-c", "raise SystemExit('no such table: cart')"])
    assert eventually(lambda: kept.status().restarts >= 2)
    assert eventually(lambda: kept.status().state == "crashing")
    assert "no such table: cart" in kept.status().last_output
    kept.switch("24.11", 2)
    assert eventually(lambda: kept.serves("24.11"))


def test_a_missing_command_or_folder_is_a_crash_too(kept):
    kept.switch("bad", 1, argv=["/no/such/command"])
    assert eventually(lambda: "cannot start" in kept.status().last_output)
    switch(kept.folder, Current("gone", 2, ["true"], "/no/such/folder", {}))
    assert eventually(lambda: kept.status().release == "gone" and "cannot start" in kept.status().last_output)


def test_one_that_ignores_term_is_replaced_all_the_same(kept):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    kept.switch("deaf", 1, argv=[sys.executable, "-c", deaf])
    assert eventually(lambda: kept.status().pid)
    kept.switch("24.11", 2)
    assert eventually(lambda: kept.serves("24.11"))


def test_a_withdrawn_application_stops(kept):
    kept.switch("24.11", 1)
    assert eventually(lambda: kept.serves("24.11"))
    withdraw(kept.folder, 2)
    assert eventually(lambda: kept.status().state == "stopped" and not answer(kept.port))
    kept.switch("24.11", 2)
    assert eventually(lambda: kept.serves("24.11"))


def test_an_older_fence_is_refused_and_changes_nothing(tmp_path):
    folder = app_folder(tmp_path, "staging")
    switch(folder, current(5))
    with pytest.raises(FencedOut):
        switch(folder, current(4, "older"))
    switch(folder, current(5, "again"))
    hold(folder, 7)
    for late in (lambda: switch(folder, current(6)), lambda: withdraw(folder, 6), lambda: hold(folder, 6)):
        with pytest.raises(FencedOut):
            late()
    assert read_current(folder).release == "again"
    switch(folder, current(7, "newest"))
    assert read_current(folder).release == "newest"


def test_the_fence_outlives_a_withdrawn_application(tmp_path):
    folder = app_folder(tmp_path, "staging")
    switch(folder, current(5))
    withdraw(folder, 5)
    with pytest.raises(FencedOut):
        switch(folder, current(4))


def test_what_holds_secrets_is_for_its_owner_only(tmp_path):
    folder = app_folder(tmp_path, "staging")
    switch(folder, current(1))
    assert stat.S_IMODE((folder / "current.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "secret" not in repr(read_current(folder))


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "A", "x" * 64])
def test_a_folder_has_a_plain_name(tmp_path, name):
    with pytest.raises(ValueError, match="not a name"):
        app_folder(tmp_path, name)


def test_a_second_keeper_is_refused(kept):
    second = kept.launch()
    assert second.wait(5) == 1
    assert "another keeper" in second.communicate()[1]


def test_a_stopped_keeper_stops_its_applications_and_the_next_starts_them(kept):
    kept.switch("24.11", 1)
    assert eventually(lambda: kept.serves("24.11"))
    kept.end()
    assert not answer(kept.port) and kept.status().state == "stopped"
    kept.start()
    assert eventually(lambda: kept.serves("24.11"))


def test_after_kill_9_the_next_keeper_serves_again(kept):
    kept.switch("24.11", 1)
    assert eventually(lambda: kept.serves("24.11"))
    first = answer(kept.port)["pid"]
    kept.end(signal.SIGKILL)
    kept.start()
    assert eventually(lambda: answer(kept.port).get("pid") not in {None, first})
    assert process.start_time(first) is None


def test_a_new_keeper_waits_until_the_port_of_a_slow_orphan_is_free(kept):
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVER
    kept.switch("24.11", 1, argv=[sys.executable, "-c", deaf])
    assert eventually(lambda: kept.serves("24.11"))
    first = answer(kept.port)["pid"]
    kept.end(signal.SIGKILL)
    kept.start()
    assert eventually(lambda: answer(kept.port).get("pid") not in {None, first})
    assert kept.status().restarts == 0 and process.start_time(first) is None


def test_a_broken_wish_leaves_what_runs_alone(kept):
    kept.switch("24.11", 1)
    assert eventually(lambda: kept.serves("24.11"))
    first = answer(kept.port)["pid"]
    for text in ("{", "[]", json.dumps({"release": "x"})):
        (kept.folder / "current.json").write_text(text)
    kept.switch("24.11", 1)
    assert eventually(lambda: kept.status().state == "running")
    assert answer(kept.port)["pid"] == first


def test_a_long_log_is_rotated(kept):
    kept.switch("chatty", 1, argv=[sys.executable, "-c", "print('x' * 3_000_000)\nimport time; time.sleep(300)"])
    assert eventually(lambda: (kept.folder / "app.log.1").exists())
    assert eventually(lambda: (kept.folder / "app.log").stat().st_size < 1_000_000)


def test_the_keeper_gives_signs_of_life(kept, tmp_path):
    assert keeper_age_seconds(kept.var) < 2
    assert keeper_age_seconds(tmp_path / "elsewhere") is None


def test_the_keeper_hears_of_a_switch_and_of_a_child_that_ended_at_once(tmp_path):
    folder = app_folder(tmp_path, "shop")
    switch(folder, current(1))  # nobody listens: nothing is waited for, and nothing is kept
    (tmp_path / "keeper.bell").write_text("a file that is no pipe")
    with Bell(tmp_path) as bell:
        bell.wait(0)
        for happens in (
            lambda: switch(folder, current(2)),
            lambda: withdraw(folder, 3),
            lambda: subprocess.Popen(["true"]).wait(),
        ):
            happens()
            began = time.monotonic()
            bell.wait(30)
            assert time.monotonic() - began < 5
