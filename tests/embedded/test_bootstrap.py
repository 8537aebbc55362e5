"""A fresh checkout gets its packages once, however many start at the same time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lifecycle.embedded import bootstrap

UV = """#!/bin/sh
echo "$@" >> "$UV_CALLS"
sleep 0.5
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The bootstrap in a checkout of its own, with lock files that nothing is in."""
    package = tmp_path / "lifecycle" / "embedded"
    package.mkdir(parents=True)
    shutil.copy(bootstrap.__file__, package)
    (package / "__main__.py").write_text("import sys; print('in the venv:', *sys.argv[1:])")
    for name in (bootstrap.RUNTIME_LOCK, bootstrap.DEV_LOCK):
        (tmp_path / name).write_text("# nothing\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").write_text(UV)
    (tmp_path / "bin" / "uv").chmod(0o755)
    return tmp_path


def start(checkout: Path, *arguments: str) -> subprocess.Popen[str]:
    path = f"{checkout / 'bin'}:{os.environ['PATH']}"
    return subprocess.Popen(
        [sys.executable, checkout / "lifecycle/embedded/bootstrap.py", *arguments],
        env=os.environ | {"PATH": path, "UV_CALLS": str(checkout / "calls")},
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _nothing = process.communicate(timeout=60)
    assert process.returncode == 0
    return output


def calls(checkout: Path) -> list[str]:
    return (checkout / "calls").read_text().splitlines()


def test_it_installs_with_hashes_and_goes_on_inside_the_venv(checkout):
    assert "in the venv: run --now" in finish(start(checkout, "run", "--now"))
    assert len(calls(checkout)) == 1
    assert "--require-hashes" in calls(checkout)[0]
    assert calls(checkout)[0].endswith(bootstrap.RUNTIME_LOCK)


def test_the_second_start_installs_nothing(checkout):
    finish(start(checkout, "run"))
    finish(start(checkout, "run"))
    assert len(calls(checkout)) == 1


def test_two_at_once_install_once(checkout):
    both = [start(checkout, "run"), start(checkout, "psql")]
    assert all("in the venv" in finish(process) for process in both)
    assert len(calls(checkout)) == 1


def test_a_changed_lock_file_is_installed(checkout):
    finish(start(checkout, "run"))
    (checkout / bootstrap.RUNTIME_LOCK).write_text("# something else\n")
    finish(start(checkout, "run"))
    assert len(calls(checkout)) == 2


def test_what_tests_need_is_installed_for_tests_only(checkout):
    finish(start(checkout, "run"))
    finish(start(checkout, "test"))
    finish(start(checkout, "run"))
    assert [call.rpartition("/")[2] for call in calls(checkout)] == [bootstrap.RUNTIME_LOCK, bootstrap.DEV_LOCK]


def test_an_old_python_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match="needs Python 3.11 or newer, and this is 3.10.*\n.*make run PYTHON="):
        bootstrap.check_python()


def test_the_lock_files_name_no_host(pytestconfig):
    for name in (bootstrap.RUNTIME_LOCK, bootstrap.DEV_LOCK):
        text = (pytestconfig.rootpath / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
