"""The conflict matrix: who clashes, worked out once per pair and forgotten with a push or another base."""

import time

import pytest
from django.utils import timezone

from environments import repositories
from environments.git import UPSTREAM_HEADS
from lifecycle.transitions import NotAllowed
from releases import changes, intake, overlaps, plan
from releases.models import Change, Overlap


@pytest.fixture
def trio(workshop, plan_of) -> list[Change]:
    return list(plan_of("Keep a wishlist", "Wrap gifts", "Pay later").changes.order_by("pk"))


@pytest.fixture
def pushed(cast, workshop):
    """`pushed(change, {"a.py": "x"})` commits files on main to the change's branch and takes them in."""

    def run(change: Change, files: dict[str, str], start: str = "main") -> None:
        workshop.git("checkout", "-q", "-B", change.branch, start)
        for path, text in files.items():
            workshop.write(path, text)
        workshop.commit(change.title)
        workshop.git("checkout", "-q", "main")
        for branch in repositories.poll(cast.product.repository):
            intake.take(branch)

    return run


def pairs(cast) -> list[tuple[str, str, list[str], list[str]]]:
    found = overlaps.between(overlaps.open_changes(cast.product))
    return [(row.one.change.key, row.other.change.key, row.files, row.migrations) for row in found]


def test_only_pairs_that_clash_are_named(cast, trio, pushed):
    one, two, three = trio
    pushed(one, {"a.py": "1\n", "b.py": "1\n"})
    pushed(two, {"a.py": "2\n"})
    pushed(three, {"c.py": "3\n"})
    assert overlaps.update(cast.product) == 3
    assert pairs(cast) == [("C-1", "C-2", ["a.py"], [])]
    assert overlaps.reasons([one, three]) == []


def test_the_same_file_elsewhere_is_no_clash(cast, trio, build):
    build(trio[0], line=5), build(trio[1], line=40)
    overlaps.update(cast.product)
    assert pairs(cast) == []


def test_a_file_where_the_other_has_a_folder_is_one(cast, trio, pushed):
    pushed(trio[0], {"cart": "a file\n"})
    pushed(trio[1], {"cart/total.py": "1\n"})
    overlaps.update(cast.product)
    [(one, other, files, _migrations)] = pairs(cast)
    assert (one, other) == ("C-1", "C-2")
    assert files


def test_two_migrations_in_one_place_clash_although_git_takes_both(cast, trio, pushed):
    pushed(trio[0], {"cart/migrations/0002_gift.py": "1\n"})
    pushed(trio[1], {"cart/migrations/0002_note.py": "2\n"})
    pushed(trio[2], {"stock/migrations/0002_note.py": "2\n"})
    overlaps.update(cast.product)
    assert pairs(cast) == [("C-1", "C-2", [], ["cart"])]
    assert overlaps.reasons(trio[:2]) == []  # the rows in hand are older than their pushes
    fresh = list(Change.objects.order_by("pk"))
    assert overlaps.reasons(fresh) == ["C-1 and C-2 both add migrations to cart."]


def test_what_is_built_on_it_is_no_clash(cast, trio, pushed):
    one, two, _three = trio
    pushed(one, {"a.py": "1\n", "cart/migrations/0002_gift.py": "1\n"})
    pushed(two, {"a.py": "2\n", "cart/migrations/0003_note.py": "2\n"}, one.branch)
    overlaps.update(cast.product)
    assert Change.objects.get(pk=two.pk).requires == one
    assert pairs(cast) == []


def test_a_push_makes_only_its_own_pairs_new(cast, trio, pushed):
    for number, change in enumerate(trio):
        pushed(change, {"a.py": f"{number}\n"})
    assert overlaps.update(cast.product) == 3
    assert overlaps.update(cast.product) == 0
    pushed(trio[2], {"c.py": "3\n"})
    assert overlaps.update(cast.product) == 2
    assert Overlap.objects.count() == 3
    assert pairs(cast) == [("C-1", "C-2", ["a.py"], [])]


def test_a_clash_keeps_the_plan_from_being_frozen(cast, tested, pushed):
    release = tested("Keep a wishlist", "Wrap gifts")
    one, other = release.changes.order_by("pk")
    row = {"base_sha": "a" * 40, "migrations": ["cart"], "at": timezone.now(), "product": cast.product}
    Overlap.objects.create(one=one.revision, other=other.revision, **row)
    assert plan.reasons_not_to_freeze(release) == ["C-1 and C-2 both add migrations to cart."]
    with pytest.raises(NotAllowed, match="both add migrations to cart"):
        plan.freeze(release, by=cast.petra)


def test_thirty_changes_of_one_file_are_quick(cast, workshop, capsys):
    """All 435 pairs share a file, so that git is asked for each; the limit is one `apply` each, of the same run."""
    many = [thick_change(cast, workshop, number) for number in range(1, 31)]
    for branch in repositories.poll(cast.product.repository):
        intake.take(branch)
    git = repositories.git(cast.product.repository)
    heads = git.refs(UPSTREAM_HEADS)
    began = time.monotonic()
    for change in many[1:11]:
        git.apply(heads[many[0].branch], heads["main"], heads[change.branch])
    one_merge = (time.monotonic() - began) / 10
    began = time.monotonic()
    assert overlaps.update(cast.product) == 435
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\n30 changes, 435 pairs: {took:.1f} s; one merge {one_merge * 1000:.0f} ms")
    assert took < 435 * one_merge


def thick_change(cast, workshop, number: int) -> Change:
    now = timezone.now()
    change = Change.objects.create(
        product=cast.product,
        number=number,
        title=f"Change {number}",
        branch=f"work/{number}",
        created_at=now,
        waiting_since=now,
    )
    workshop.change(change.branch, "main", number * 2, f"line_{number * 2} = {number}")
    changes.assign(change, developer=None, by=cast.lena)
    return change
