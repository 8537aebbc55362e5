"""Artefacts: built once, whole or not there, and refused when they are not what they say."""

import multiprocessing
import os
import signal
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployments import artefacts
from deployments.artefacts import MARKER, DiskFull, WrongArtefact, contents_hash, prepare, prune, verify
from environments.git import Git
from tests.environments.repositories import Upstream

DIGEST = "a" * 64


@pytest.fixture
def upstream(tmp_path):
    return Upstream(tmp_path / "upstream")


@pytest.fixture
def git(upstream):
    return Git(upstream.path / ".git")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "artefacts"


def build(folder: Path) -> None:
    (folder / "built.txt").write_text("yes")


def make(root, git, digest=DIGEST, fence=1, build=build):
    return prepare(root, git, git.resolve("refs/heads/main"), digest, fence, build)


def test_it_is_built_once_and_read_only(root, git):
    builds = []
    folder = make(root, git, build=lambda folder: (builds.append(1), build(folder)))
    assert make(root, git, fence=2, build=builds.append) == folder == root / DIGEST
    assert builds == [1]
    assert (folder / "built.txt").read_text() == "yes" and (folder / "shop.py").exists()
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o222 for path in [folder, *folder.rglob("*")]}
    assert modes == {0}
    assert [path.name for path in root.iterdir()] == [DIGEST]


def test_a_failed_build_leaves_nothing(root, git):
    def fail(folder):
        raise RuntimeError("npm is not there")

    with pytest.raises(RuntimeError):
        make(root, git, build=fail)
    assert list(root.iterdir()) == []
    assert make(root, git, fence=2).exists()


def _build_and_die(folder):
    build(folder)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_builder_killed_in_the_middle_is_no_artefact(root, git):
    child = multiprocessing.get_context("spawn").Process(target=make, args=(root, git, DIGEST, 1, _build_and_die))
    child.start()
    child.join(20)
    assert child.exitcode == -signal.SIGKILL
    assert [path.name for path in root.iterdir()] == [f"{DIGEST}.1.tmp"]
    with pytest.raises(WrongArtefact):
        verify(root / f"{DIGEST}.1.tmp", DIGEST)
    assert make(root, git, fence=1).name == DIGEST
    assert [path.name for path in root.iterdir()] == [DIGEST]


def test_builders_of_one_digest_take_turns_even_with_the_same_fence(root, git):
    builds = []

    def slow(folder):
        builds.append(folder)
        time.sleep(0.2)
        build(folder)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _n: make(root, git, fence=1, build=slow), range(4)))
    assert set(made) == {root / DIGEST}
    assert len(builds) == 1
    assert [path.name for path in root.iterdir()] == [DIGEST]


def tampered(folder: Path, name: str, text: str) -> None:
    time.sleep(0.01)  # the clock of files goes by steps
    folder.chmod(0o755)
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [(MARKER, "{}"), (MARKER, "["), (MARKER, "[]"), ("shop.py", "changed"), ("new.py", "added")],
)
def test_a_wrong_marker_or_changed_file_is_refused(root, git, name, text):
    folder = make(root, git)
    tampered(folder, name, text)
    with pytest.raises(WrongArtefact):
        make(root, git, fence=2)


def test_a_missing_file_and_another_mode_are_noticed(root, git):
    folder = make(root, git)
    (folder / "shop.py").chmod(0o555)
    with pytest.raises(WrongArtefact, match="changed"):
        verify(folder, DIGEST)
    folder.chmod(0o755)
    (folder / "shop.py").unlink()
    with pytest.raises(WrongArtefact, match="changed"):
        verify(folder, DIGEST)


def test_one_digest_cannot_stand_in_for_another(root, git):
    make(root, git).rename(root / ("b" * 64))
    with pytest.raises(WrongArtefact, match="something else"):
        make(root, git, digest="b" * 64)


@pytest.mark.parametrize("digest", ["../../etc", "", "a/b/c/d/e", "a.1.tmp.x", "short"])
def test_a_digest_is_no_path(root, git, digest):
    with pytest.raises(ValueError, match="not a digest"):
        make(root, git, digest=digest)


def test_pruning_keeps_what_is_named_and_drafts_that_may_still_be_built(root, git):
    kept, gone = make(root, git), make(root, git, digest="b" * 64)
    draft = root / f"{'c' * 64}.7.tmp"
    draft.mkdir()
    (root / "notes").mkdir()
    assert prune(root, {DIGEST}.__contains__) == ["b" * 64]
    assert kept.exists() and not gone.exists() and draft.exists()
    assert prune(root, {DIGEST}.__contains__, now=time.time() + 90_000) == [draft.name]
    assert (root / "notes").exists() and artefacts.prune(root / "nowhere", bool) == []


@pytest.fixture
def small_disk(tmp_path):
    """A real file system with room for 2 MB."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("nobody may mount a file system here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_said_and_leaves_nothing_half(small_disk, git):
    root = small_disk / "artefacts"

    def much(folder):
        (folder / "much").write_bytes(b"x" * 4_000_000)

    with pytest.raises(DiskFull, match="The disk is full: no room for the artefact aaaaaaaa. Nothing was left behind."):
        make(root, git, build=much)
    assert list(root.iterdir()) == []
    assert make(root, git).exists(), "there is room again"


def test_a_build_command_that_hits_the_full_disk_is_explained_too(small_disk, git):
    def command(folder):
        subprocess.run(["dd", "if=/dev/zero", f"of={folder / 'much'}", "bs=1M"], capture_output=True, check=False)
        raise RuntimeError("the build ended with 1")

    with pytest.raises(DiskFull):
        make(small_disk / "artefacts", git, build=command)


def test_who_waits_for_another_builder_can_be_stopped(root, git):
    class Stop(Exception):
        pass

    def wait() -> None:
        raise Stop

    def while_building(folder):
        with ThreadPoolExecutor(1) as pool, pytest.raises(Stop):
            pool.submit(prepare, root, git, git.resolve("refs/heads/main"), DIGEST, 2, build, wait=wait).result()
        build(folder)

    assert make(root, git, build=while_building).exists()


def test_who_has_waited_vouches_for_what_the_other_one_sealed(root, git, monkeypatch):
    asked, waiters = [], []

    def waiter() -> None:
        more = {"wait": lambda: None, "vouch": asked.append}
        prepare(root, git, git.resolve("refs/heads/main"), DIGEST, 2, build, **more)

    with ThreadPoolExecutor(1) as pool:

        def while_building(folder):
            waiters.append(pool.submit(waiter))
            time.sleep(0.3)  # until it stands at the lock
            build(folder)

        folder = make(root, git, build=while_building)
        monkeypatch.setattr(artefacts, "contents_hash", lambda folder: pytest.fail("it was hashed once more"))
        waiters[0].result()
    monkeypatch.undo()
    assert asked == [verify(folder, DIGEST)]


def test_what_is_only_exported_is_sealed_as_if_it_had_been_read(root, git, upstream):
    for name in ("a-b/x", "a/x", "a.b", "A", "кот", MARKER):
        upstream.write(name, f"{name}\r\n")
    (upstream.path / "a/x").chmod(0o755)
    (upstream.path / "link").symlink_to("a/x")
    upstream.commit("Only files.")
    folder = make(root, git, build=None)
    assert verify(folder, DIGEST) == contents_hash(folder)
    found = [folder, *folder.rglob("*")]
    assert not [path for path in found if not path.is_symlink() and path.stat().st_mode & 0o222]


@pytest.mark.parametrize("name", [MARKER, "shop.py", "new.py"])
def test_what_was_sealed_just_now_is_hashed_again_only_once_it_is_touched(root, git, monkeypatch, name):
    folder = make(root, git, build=None)
    monkeypatch.setattr(artefacts, "contents_hash", lambda folder: pytest.fail("it was hashed once more"))
    assert make(root, git, build=None) == folder
    monkeypatch.undo()
    tampered(folder, name, "{}")
    with pytest.raises(WrongArtefact):
        make(root, git, build=None)


def test_what_was_refused_is_built_anew_and_the_wrong_one_is_kept_a_day(root, git):
    folder, said = make(root, git), []
    sha = git.resolve("refs/heads/main")
    tampered(folder, "shop.py", "changed")
    with pytest.raises(WrongArtefact, match="deploy once more"):
        make(root, git, fence=2)
    prepare(root, git, sha, DIGEST, 3, build, say=said.append)
    verify(folder, DIGEST)
    assert "it is built anew." in said[0]
    assert said[1] == f"Its files are those that were built first. The wrong ones are kept as {DIGEST}.3.wrong."
    tampered(folder, "shop.py", "changed")
    with pytest.raises(WrongArtefact):
        make(root, git, fence=4)
    prepare(root, git, sha, DIGEST, 5, lambda folder: (folder / "built.txt").write_text("other"), say=said.append)
    assert said[3].startswith("Its files differ from those built first."), "nobody vouched for the first ones"
    assert prune(root, {DIGEST}.__contains__) == []
    assert prune(root, {DIGEST}.__contains__, now=time.time() + 90_000) == [f"{DIGEST}.3.wrong", f"{DIGEST}.5.wrong"]


def test_an_artefact_somebody_works_with_is_not_pruned(root, git):
    def while_building(folder):
        tidy = root / ("b" * 64)
        tidy.mkdir()
        assert prune(root, lambda digest: False) == [tidy.name], "the one that is being built is left alone"
        build(folder)

    assert make(root, git, build=while_building).exists()
