"""Guarded child processes, with real trees, real signals and a real kill -9."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from lifecycle import process

ENV = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
NEVER = threading.Event()


class Heard:
    def __init__(self) -> None:
        self.parts: list[tuple[str, str]] = []

    def __call__(self, stream: str, text: str) -> None:
        self.parts.append((stream, text))

    def text(self, stream: str = "stdout") -> str:
        return "".join(text for name, text in self.parts if name == stream)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def run(argv, heard, tmp_path, **limits):
    values = {"stop": NEVER, "total_seconds": 20, "inactivity_seconds": 20, "grace_seconds": 0.5, "env": ENV}
    return process.run(argv, cwd=tmp_path, on_output=heard, **(values | limits))


def sh(script: str) -> list[str]:
    return ["sh", "-c", script]


def eventually(question, seconds=30.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.02)
    return question()


def runs(pid: int) -> bool:
    return process.start_time(pid) is not None


def test_output_exit_code_folder_and_environment(heard, tmp_path):
    done = run(sh("pwd; echo $SHOP; echo bad >&2; exit 3"), heard, tmp_path, env=ENV | {"SHOP": "Кот"})
    assert (done.exit_code, done.reason, done.ok) == (3, "exited", False)
    assert heard.text() == f"{tmp_path}\nКот\n" and heard.text("stderr") == "bad\n"
    assert run(["true"], heard, tmp_path).ok


def test_nothing_of_our_own_environment_leaks_in(heard, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    run(["env"], heard, tmp_path)
    assert "canary" not in heard.text()


def test_no_shell_reads_the_arguments(heard, tmp_path):
    run(["echo", "$(id); `id` | x"], heard, tmp_path)
    assert heard.text() == "$(id); `id` | x\n"


def test_a_command_that_cannot_be_started(heard, tmp_path):
    assert run(["no-such-command"], heard, tmp_path).exit_code == 127
    assert "cannot start no-such-command" in heard.text("stderr")
    (tmp_path / "plain").write_text("x")
    assert run([str(tmp_path / "plain")], heard, tmp_path).exit_code == 126


def test_a_signal_shows_in_the_exit_code(heard, tmp_path):
    assert run(sh("kill -SEGV $$"), heard, tmp_path).exit_code == 128 + signal.SIGSEGV


def test_odd_bytes_and_half_lines_arrive_whole(heard, tmp_path):
    run(sh(r"printf 'a\000b\377\320'; sleep 0.3; printf '\232 rest\nlast'"), heard, tmp_path)
    assert heard.parts == [("stdout", "a\ufffdb\ufffdК rest\n"), ("stdout", "last")]


def test_half_a_line_is_shown_after_a_moment(heard, tmp_path):
    seen = []
    run(sh("printf 'password? '; sleep 30"), heard, tmp_path, stop=lambda: bool(seen.append(1) or heard.parts))
    assert heard.text() == "password? "


def test_much_output_is_not_lost(heard, tmp_path):
    run(sh("seq 200000"), heard, tmp_path)
    assert heard.text().count("\n") == 200_000
    run(sh("head -c 300000 /dev/zero | tr '\\0' x"), heard, tmp_path)
    assert heard.text().count("x") == 300_000


def test_a_command_that_closes_its_output_still_runs_to_its_end(heard, tmp_path):
    done = run(sh("echo x; exec >&- 2>&-; sleep 0.4; touch done"), heard, tmp_path)
    assert done.ok and (tmp_path / "done").exists()


def test_the_total_time_and_silence_end_a_command(heard, tmp_path):
    slow = run(sh("while true; do echo x; sleep 0.05; done"), heard, tmp_path, total_seconds=0.4)
    assert slow.reason == "timeout" and slow.seconds < 3
    silent = run(sh("echo x; sleep 60"), heard, tmp_path, inactivity_seconds=0.4)
    assert silent.reason == "inactive" and silent.seconds < 3
    assert silent.exit_code == 128 + signal.SIGTERM


def test_a_stop_lets_the_command_clean_up_first(heard, tmp_path):
    script = "trap 'echo cleaned; exit 7' TERM; echo ready; while true; do sleep 0.05; done"
    done = run(sh(script), heard, tmp_path, stop=lambda: "ready" in heard.text(), grace_seconds=5)
    assert (done.reason, done.exit_code) == ("stopped", 7)
    assert heard.text() == "ready\ncleaned\n" and done.seconds < 3


def test_a_command_deaf_to_term_is_killed_after_the_grace(heard, tmp_path):
    script = "trap '' TERM; echo ready; while true; do sleep 0.05; done"
    done = run(sh(script), heard, tmp_path, stop=lambda: "ready" in heard.text())
    assert done.exit_code == 128 + signal.SIGKILL and done.seconds < 3


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(300)
    os._exit(0)
os.wait()
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("seconds", [0, 60])
def test_even_a_daemon_does_not_outlive_the_command(heard, tmp_path, seconds):
    note = tmp_path / "pid"
    argv = [sys.executable, "-c", DAEMON, str(note), str(seconds)]
    done = run(argv, heard, tmp_path, stop=lambda: seconds > 0 and note.exists())
    assert done.reason == ("stopped" if seconds else "exited")
    assert note.exists() and not runs(int(note.read_text()))


def test_what_a_callback_raises_ends_the_command(tmp_path):
    pids = []

    def refuse(stream, text):
        raise RuntimeError("the database is gone")

    with pytest.raises(RuntimeError, match="database"):
        run(sh("echo x; sleep 60"), refuse, tmp_path, on_start=lambda *known: pids.append(known))
    assert not process.is_alive(*pids[0])


def test_a_stop_by_event_works_from_another_thread(heard, tmp_path):
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    assert run(["sleep", "60"], heard, tmp_path, stop=stop).reason == "stopped"


WORKER = """
import sys
from lifecycle import process
process.run(
    ["sh", "-c", "trap '' TERM; echo $$ > child; (setsid sleep 300 & echo $! > grandchild); sleep 300"],
    cwd=sys.argv[1], env={"PATH": "/usr/bin:/bin"}, on_output=print, stop=lambda: False,
    total_seconds=300, inactivity_seconds=300, grace_seconds=0.3,
    on_start=lambda pid, started: open(sys.argv[1] + "/guard", "w").write(f"{pid} {started}"),
)
"""


@pytest.fixture
def worker(tmp_path):
    """A worker in a process of its own, in the middle of a command with a tree below it."""
    root = Path(process.__file__).parents[1]
    started = subprocess.Popen([sys.executable, "-c", textwrap.dedent(WORKER), str(tmp_path)], cwd=root)
    try:
        assert eventually(lambda: (tmp_path / "grandchild").exists() and (tmp_path / "grandchild").read_text())
        yield started, tmp_path
    finally:
        started.kill()
        started.wait()
        pid, when = map(int, (tmp_path / "guard").read_text().split())
        assert process.kill(pid, when, grace_seconds=0)


def test_kill_9_of_the_worker_takes_the_whole_tree_along(worker):
    started, folder = worker
    pids = [int((folder / name).read_text().split()[0]) for name in ("guard", "child", "grandchild")]
    assert all(map(runs, pids))
    started.send_signal(signal.SIGKILL)
    assert eventually(lambda: not any(map(runs, pids)))


def test_kill_9_of_the_guard_ends_the_run_and_the_tree(worker):
    started, folder = worker
    guard, child = (int((folder / name).read_text().split()[0]) for name in ("guard", "child"))
    os.kill(guard, signal.SIGKILL)
    assert eventually(lambda: not runs(child))
    assert started.wait(30) == 0


def test_the_command_dies_even_if_worker_and_guard_are_killed_at_once(worker):
    started, folder = worker
    guard, child = (int((folder / name).read_text().split()[0]) for name in ("guard", "child"))
    started.send_signal(signal.SIGSTOP)
    os.kill(guard, signal.SIGKILL)
    assert eventually(lambda: not runs(child))


def test_somebody_else_can_end_it_by_pid_and_start_time(worker):
    started, folder = worker
    pid, when = map(int, (folder / "guard").read_text().split())
    child = int((folder / "child").read_text())
    assert process.is_alive(pid, when)
    assert not process.is_alive(pid, when - 1) and process.kill(pid, when - 1, grace_seconds=0)
    assert process.is_alive(pid, when)
    assert process.kill(pid, when, grace_seconds=2)
    assert not process.is_alive(pid, when) and not runs(child)
    assert started.wait(30) == 0


def test_a_frozen_guard_is_ended_too(worker):
    _, folder = worker
    pid, when = map(int, (folder / "guard").read_text().split())
    pids = [int((folder / name).read_text()) for name in ("child", "grandchild")]
    os.kill(pid, signal.SIGSTOP)
    assert process.kill(pid, when, grace_seconds=0.2)
    assert not any(map(runs, pids))
