"""A fault at every step of every driver: afterwards the new release runs, or the old one, and never a mixture.

A few hit a rollback, and a few the way back itself: then nobody is sure what runs, and a rollback puts it right.
Guards: the way back (deployments.steps.go_back) with the settings of what it goes back to, artefacts that are built
aside and renamed, room that is kept for the keeper's files, snapshots that are made up for, and the word
that nobody is sure. Each is taken out once
below, and then the same question is answered with no. The whole matrix is part of `make chaos`.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deployments import artefacts, endings, keeper_state, running, snapshots, steps
from deployments.drivers.pipeline import driver as pipeline
from deployments.models import Deployment
from environments import repositories, variables
from environments.git import Git
from environments.models import Environment
from lifecycle.models import Product
from tests.cast import assemble
from tests.deployments.engine import log_of
from tests.deployments.fault_matrix import MATRIX, ROLLBACKS, SAMPLE, WAYS_BACK
from tests.deployments.faults import Fault, FaultyShop
from tests.deployments.faults_pipeline import PipelineShop
from tests.deployments.faults_ssh import SshShop

S = Deployment.Status
OpenShop = Callable[[str], FaultyShop]
Build = Callable[[Path], None]
SHOPS = {"ssh": SshShop, "pipeline": PipelineShop}
UNWELL = {"command": ("probe", "error")}
"""Why the new release is refused, in the end; elsewhere it answers with 500 when it is verified."""
EVERY = bool(os.environ.get("LIFECYCLE_EVERY_FAULT"))


@pytest.fixture
def open_shop(
    transactional_db: None,
    settings,  # noqa: ANN001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[OpenShop]:
    """`open_shop("process")` is a shop of that driver with release "one" on production."""
    opened: list[FaultyShop] = []

    def open_one(driver: str) -> FaultyShop:
        settings.VAR = tmp_path / "var"
        cast = assemble(Product.objects.create(name="Northwind shop", slug="shop", is_default=True))
        opened.append(shop := SHOPS.get(driver, FaultyShop)(cast, settings.VAR, driver))
        monkeypatch.setenv("PATH", f"{shop.wrap_git()}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(repositories, "git", lambda row: Git(Path(row.mirror), timeout_seconds=2))
        monkeypatch.setattr(pipeline, "APPEAR_SECONDS", 2.0)
        monkeypatch.setattr(pipeline, "CANCEL_SECONDS", 4.0)
        shop.kept.start()
        first = shop.ship(shop.candidate("one"))
        assert shop.require_whole(first).label == "one"
        return shop

    yield open_one
    for shop in opened:
        shop.end()


@contextmanager
def keeper_killed_at(shop: FaultyShop, fault: Fault) -> Iterator[None]:
    """For a fault of the keeper: it is killed while the release is being migrated, and started anew by its launcher."""
    if fault.where != "keeper":
        yield
        return
    killer = threading.Thread(target=_kill_and_start, args=[shop])
    killer.start()
    yield
    killer.join()


def _kill_and_start(shop: FaultyShop) -> None:
    shop.kept.end(9)
    shop.kept.start()


@pytest.mark.parametrize("fault", MATRIX if EVERY else SAMPLE, ids=str)
def test_it_ends_with_one_release_and_the_next_deployment_works(open_shop: OpenShop, fault: Fault) -> None:
    shop = open_shop(fault.driver)
    break_it(shop, fault)
    after = shop.ship(shop.candidate("three"))
    assert shop.require_whole(after).label == "three"
    shop.require_snapshot()


def break_it(shop: FaultyShop, fault: Fault) -> None:
    """Ship a second release while something is broken: one release runs then, and also when it is repaired."""
    two = shop.candidate("two")
    shop.arm(fault, "two")
    with keeper_killed_at(shop, fault):
        broken = shop.ship(two)
    assert broken.status != S.SUCCEEDED or fault.is_survived, "it went wrong, and nobody noticed"
    runs = shop.require_whole(broken)
    assert runs.label == ("two" if broken.status == S.SUCCEEDED else "one")
    shop.repair()
    shop.require_whole(broken)
    shop.require_snapshot()


@pytest.mark.parametrize("fault", ROLLBACKS if EVERY else ROLLBACKS[1:2], ids=str)
def test_a_rollback_ends_with_one_release_too(open_shop: OpenShop, fault: Fault) -> None:
    break_the_rollback(open_shop(fault.driver), fault)


def break_the_rollback(shop: FaultyShop, fault: Fault) -> None:
    """Go back to the first release while something is broken, and once more when it is repaired."""
    assert shop.require_whole(shop.ship(shop.candidate("two"))).label == "two"
    shop.arm(fault, "one")
    broken = shop.roll_back(shop.production)
    assert broken.status != S.SUCCEEDED or fault.is_survived, "it went wrong, and nobody noticed"
    runs = shop.require_whole(broken)
    assert runs.label == ("one" if broken.status == S.SUCCEEDED else "two")
    shop.repair()
    shop.require_snapshot()
    after = broken if broken.status == S.SUCCEEDED else shop.roll_back(shop.production)
    assert shop.require_whole(after).label == "one"
    shop.require_snapshot()


@pytest.mark.parametrize("fault", WAYS_BACK if EVERY else WAYS_BACK[:1], ids=str)
def test_a_way_back_that_breaks_is_admitted_and_a_rollback_puts_it_right(open_shop: OpenShop, fault: Fault) -> None:
    break_the_way_back(open_shop(fault.driver), fault)


def break_the_way_back(shop: FaultyShop, fault: Fault) -> None:
    """The second release is refused, and the first one cannot come back until it is repaired."""
    two = shop.candidate("two")
    where, kind = UNWELL.get(fault.driver, ("verify", "500"))
    shop.arm(Fault(fault.driver, "verify", where, kind), "two")
    shop.arm(fault, "one")
    broken = shop.ship(two)
    assert (broken.status, shop.production.state) == (S.ERRORED, Environment.State.UNSURE), log_of(broken)
    assert running.active(shop.production) is None
    shop.repair()
    after = shop.roll_back(shop.production)
    assert (after.status, shop.require_whole(after).label) == (S.SUCCEEDED, "one")
    shop.require_snapshot()


def never_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "RETURN", steps.Plan("return", lambda attempt, step: "left as it is"))


def todays_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "opened_at", lambda environment, version: variables.opened(environment))


def built_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def build_in_place(git: Git, sha: str, digest: str, build: Build, *, draft: Path, vouch: object) -> None:
        final = draft.with_name(digest)
        git.export(sha, final)
        build(final)
        artefacts._seal(final, digest, sha)
        final.rename(draft)

    monkeypatch.setattr(artefacts, "_build", build_in_place)


def no_room_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_state, "_give_room", lambda folder: False)


def never_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "record_later", lambda deployment: None)


def always_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "end_unsure", lambda attempt, reason: endings.end(attempt, S.ERRORED, reason))


CONTROLS = [
    (never_back, break_it, Fault("process", "health", "health", "500")),
    (todays_settings, break_it, Fault("process", "health", "health", "500")),
    (built_in_place, break_it, Fault("fake", "prepare", "build", "kill")),
    (no_room_kept, break_it, Fault("process", "switch", "migrate", "fill")),
    (never_made_up_for, break_it, Fault("fake", "snapshot", "mirrors", "disk full")),
    (never_back, break_the_rollback, Fault("command", "switch", "deploy", "late error")),
    (always_sure, break_the_way_back, Fault("command", "return", "deploy", "late kill")),
]


@pytest.mark.skipif(not EVERY, reason="part of make chaos")
@pytest.mark.parametrize(
    ("take_out", "break_", "fault"), CONTROLS, ids=lambda value: getattr(value, "__name__", None) or str(value)
)
def test_without_its_guard_it_would_not(
    open_shop: OpenShop,
    monkeypatch: pytest.MonkeyPatch,
    take_out: Callable[[pytest.MonkeyPatch], None],
    break_: Callable[[FaultyShop, Fault], None],
    fault: Fault,
) -> None:
    shop = open_shop(fault.driver)
    take_out(monkeypatch)
    with pytest.raises((AssertionError, artefacts.WrongArtefact)):
        break_(shop, fault)
