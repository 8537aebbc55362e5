"""In which turn the files run, and which of them share a process, when the suite runs in several."""

from pathlib import Path
from types import SimpleNamespace

from tests import turns

ROOT = Path(turns.__file__).parent


def scope(nodeid: str) -> str:
    return turns.Turns._split_scope(object.__new__(turns.Turns), nodeid)


def test_the_files_of_the_told_demo_share_its_process():
    files = [f"tests/browser/demo/{file.name}" for file in (ROOT / "browser" / "demo").glob("test_*.py")]
    assert len(files) > 1
    assert {scope(f"{file}::test_it[one]") for file in files} == {"tests/browser/demo/"}


def test_any_other_file_goes_where_there_is_room():
    assert scope("tests/browser/test_sheet.py::test_it") == "tests/browser/test_sheet.py"


def test_what_takes_longest_begins_first():
    names = [
        ("tests/ideas/test_votes.py", ""),
        ("tests/test_ten_steps.py", "slow"),
        ("tests/browser/demo/test_axe.py", "slow"),
    ]
    items = [
        SimpleNamespace(nodeid=f"{path}::test_it", path=path, get_closest_marker=lambda name, mark=mark: name == mark)
        for path, mark in names
    ]
    turns.by_length(items)
    assert [item.path for item in items] == [path for path, _mark in reversed(names)]
