"""The primitive `apply` and compositions: the seven cases that a plain merge gets wrong in four."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from environments.git import LIFECYCLE, Conflict, Git, Step, compose
from tests.environments.repositories import Upstream

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class World:
    """An upstream with three independent changes A, B and C, and its mirror."""

    def __init__(self, folder: Path) -> None:
        self.upstream = Upstream(folder / "upstream")
        self.main = self.upstream.git("rev-parse", "main")
        self.a = self.upstream.change("idea/A", "main", 5)
        self.b = self.upstream.change("idea/B", "main", 20)
        self.c = self.upstream.change("idea/C", "main", 35)
        self.git = Git.create_mirror(folder / "mirror.git", str(self.upstream.path))

    def step(self, onto: str, from_: str, to: str) -> str:
        return self.git.commit(self.git.apply(onto, from_, to), [onto], "step", {}, LIFECYCLE, AT)

    def state(self, sha: str) -> list[str]:
        """What stands in lines 5, 20 and 35, and the files that changes brought."""
        lines = (self.git.read_file(sha, "shop.py") or b"").decode().splitlines()
        own = [change.path for change in self.git.diff(self.main, sha) if change.status == "A"]
        return [lines[4], lines[19], lines[34], *own]

    def fetch(self) -> None:
        self.git.fetch(str(self.upstream.path))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def shipped(world: World) -> str:
    """main + A + B, then C a release later."""
    head = world.main
    for tip in (world.a, world.b, world.c):
        head = world.step(head, world.main, tip)
    return head


ALL = ["line 5 idea/A", "line 20 idea/B", "line 35 idea/C", "idea_A.py", "idea_B.py", "idea_C.py"]


def test_changes_are_taken_in(world, shipped):
    assert world.state(shipped) == ALL


def test_a_change_is_undone_a_release_later_and_taken_in_again(world, shipped):
    undone = world.step(shipped, world.a, world.main)
    assert world.state(undone) == ["line 5", *ALL[1:3], "idea_B.py", "idea_C.py"]
    again = world.step(undone, world.main, world.a)
    assert world.git.tree_of(again) == world.git.tree_of(shipped)


def test_an_amended_change_goes_on_from_its_released_tip(world, shipped):
    world.upstream.git("checkout", "-q", "idea/A")
    second = world.upstream.change("idea/A", "idea/A", 5, "line 5 A second try")
    world.fetch()
    assert world.state(world.step(shipped, world.a, second))[0] == "line 5 A second try"


def test_a_squash_merge_is_the_step_from_its_parent(world):
    tree = world.git.apply(world.main, world.main, world.b)
    squash = world.git.commit(tree, [world.main], "B squashed", {}, LIFECYCLE, AT)
    onto = world.step(world.main, world.main, world.a)
    assert world.state(world.step(onto, world.main, squash)) == [
        *ALL[:2],
        "line 35",
        "idea_A.py",
        "idea_B.py",
    ]


def test_a_stacked_change_needs_the_one_below(world):
    d = world.upstream.change("idea/D", "idea/A", 5, "line 5 A and D")
    world.fetch()
    on_a = world.step(world.main, world.main, world.a)
    assert world.state(world.step(on_a, world.a, d))[0] == "line 5 A and D"
    with pytest.raises(Conflict) as conflict:
        world.git.apply(world.main, world.a, d)
    assert conflict.value.files == ["shop.py"]


def test_a_composition_records_each_change_with_its_tip(world):
    made = compose(world.git, world.main, [Step("1", world.main, world.a, "A"), Step("2", world.main, world.b)], at=AT)
    assert made.applied == ["1", "2"] and made.conflicts == []
    assert world.git.tree_of(made.head) == made.tree
    newest, older = (c for c in world.git.log(world.main, made.head) if c.trailers)
    assert (older.trailer("Lifecycle-Change"), older.parents) == ("1", [world.main, world.a])
    assert (newest.trailer("Lifecycle-Change"), newest.parents) == ("2", [older.sha, world.b])
    assert older.subject == "Apply A"
    again = compose(world.git, world.main, [Step("1", world.main, world.a, "A"), Step("2", world.main, world.b)], at=AT)
    assert again.head == made.head


def test_commits_written_in_one_go_are_those_that_git_writes(world):
    titles = {"1": "Grüße, 世界 🛒", "2": "  two\nlines  \n\n", "3": "Lifecycle-Change: 9"}
    tips = dict(zip(titles, (world.a, world.b, world.c), strict=True))
    at = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(-timedelta(hours=9, minutes=30)))
    head = world.main
    for key, tip in tips.items():
        tree = world.git.apply(head, world.main, tip)
        head = world.git.commit(tree, [head, tip], f"Apply {titles[key]}", {"Lifecycle-Change": key}, LIFECYCLE, at)
    steps = [Step(key, world.main, tip, titles[key]) for key, tip in tips.items()]
    assert compose(world.git, world.main, steps, at=at).head == head


def test_a_composition_undoes_a_change(world):
    steps = [Step(key, world.main, tip) for key, tip in (("a", world.a), ("b", world.b))]
    base = compose(world.git, world.main, steps, at=AT).head
    undone = compose(world.git, base, [Step("a", world.main, world.a, undo=True)], at=AT)
    assert world.state(undone.head) == ["line 5", "line 20 idea/B", "line 35", "idea_B.py"]
    [commit] = world.git.log(base, undone.head)
    assert commit.trailers == {"Lifecycle-Change": ["a"], "Lifecycle-Undo": ["yes"]}


def test_a_conflict_names_both_changes_and_the_rest_still_composes(world):
    clash = world.upstream.change("idea/X", "main", 5, "line 5 quite different")
    world.fetch()
    steps = [Step(key, world.main, tip) for key, tip in (("a", world.a), ("x", clash), ("b", world.b))]
    made = compose(world.git, world.main, steps, at=AT)
    assert made.applied == ["a", "b"]
    assert made.conflicts == [("x", "a", ["shop.py"])]


def test_a_conflict_with_the_base_names_no_change(world):
    clash = world.upstream.change("idea/X", "main", 5, "line 5 quite different")
    world.fetch()
    base = world.step(world.main, world.main, clash)
    made = compose(world.git, base, [Step("a", world.main, world.a)], at=AT)
    assert made.conflicts == [("a", None, ["shop.py"])] and made.head == base
